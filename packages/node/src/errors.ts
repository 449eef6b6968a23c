/** The user asked for something that cannot be: the message is one sentence that says what is wrong and what to do. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError'
}
