/** A connection did not begin as one of BitTorrent's does. It is closed; nobody outside of this folder sees the error. */
export class GreetingError extends Error {
  override name = 'GreetingError'
}
