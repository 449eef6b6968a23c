/** What the contract's tests need of mocha, which is there when they run: a core package has no types of it. */
declare const describe: (title: string, body: () => void) => void
declare const it: (title: string, body: () => Promise<void>) => void

/** A group of tests. */
export function group(title: string, body: () => void): void {
  describe(title, body)
}

/** One test. */
export function test(title: string, body: () => Promise<void>): void {
  it(title, body)
}
