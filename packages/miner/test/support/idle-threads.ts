/** Run as a process: it mines on threads and leaves them unclosed. They must not keep it alive. */

import { MiningThreads, mineBlock } from '../../src/index.ts'
import { BITS_2_MILLION_HASHES, isSolved, template } from './templates.ts'

const threads = new MiningThreads({ count: 2 })
const mined = await mineBlock(template(BITS_2_MILLION_HASHES), { threads })
console.log(isSolved(mined) ? 'mined' : 'not solved')
