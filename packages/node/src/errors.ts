/** The user asked for something that cannot be: the message is one sentence that says what is wrong and what to do. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}

/** An option that makes no sense, by itself or beside another: nothing was touched, and the command line calls it wrong usage. */
export class OptionError extends ConfigurationError {
  override name = 'OptionError'
}
