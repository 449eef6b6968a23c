/**
 * Loaded before a process of a benchmark: it ends by itself when its parent lets go of it, so that Node.js writes its
 * compile cache, that of threads included. The next one starts with it, as every start of a node but the first does.
 */
process.once('disconnect', () => process.exit())
