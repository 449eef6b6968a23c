import type { OpcodeHandler } from './execution.ts'
import { OP } from './opcodes.ts'
import { require } from './script-error.ts'
import { toBoolean } from './script-number.ts'

/** Copies the elements `from`, `from - 1`, … (depths before the first copy) to the top. */
function copy(from: number, count: number): OpcodeHandler {
  return ({ stack }) => {
    stack.need(from + 1)
    for (let i = 0; i < count; i++) stack.push(stack.peek(from))
  }
}

/** PICK and ROLL name the depth by a number on the stack. */
function depthArgument({ stack, minimal }: Parameters<OpcodeHandler>[0]): number {
  stack.need(2)
  const depth = stack.peekNumber(0, minimal)
  stack.pop()
  require(depth >= 0 && depth < stack.size, 'INVALID_STACK_OPERATION')
  return depth
}

/** Opcodes that move elements about. */
export const STACK_OPCODES: ReadonlyMap<number, OpcodeHandler> = new Map<number, OpcodeHandler>([
  [OP.TOALTSTACK, ({ stack, altStack }) => altStack.push(stack.pop())],
  [OP.FROMALTSTACK, ({ stack, altStack }) => stack.push(altStack.pop())],
  [
    OP['2DROP'],
    ({ stack }) => {
      stack.need(2)
      stack.pop()
      stack.pop()
    },
  ],
  [OP['2DUP'], copy(1, 2)],
  [OP['3DUP'], copy(2, 3)],
  [OP['2OVER'], copy(3, 2)],
  [
    OP['2ROT'],
    ({ stack }) => {
      stack.need(6)
      stack.push(stack.remove(5))
      stack.push(stack.remove(5))
    },
  ],
  [
    OP['2SWAP'],
    ({ stack }) => {
      stack.need(4)
      stack.push(stack.remove(3))
      stack.push(stack.remove(3))
    },
  ],
  [
    OP.IFDUP,
    ({ stack }) => {
      if (toBoolean(stack.peek())) stack.push(stack.peek())
    },
  ],
  [OP.DEPTH, ({ stack }) => stack.pushNumber(stack.size)],
  [OP.DROP, ({ stack }) => void stack.pop()],
  [OP.DUP, ({ stack }) => stack.push(stack.peek())],
  [OP.NIP, ({ stack }) => void stack.remove(1)],
  [OP.OVER, ({ stack }) => stack.push(stack.peek(1))],
  [OP.PICK, execution => execution.stack.push(execution.stack.peek(depthArgument(execution)))],
  [OP.ROLL, execution => execution.stack.push(execution.stack.remove(depthArgument(execution)))],
  [OP.ROT, ({ stack }) => stack.push(stack.remove(2))],
  [OP.SWAP, ({ stack }) => stack.push(stack.remove(1))],
  [
    OP.TUCK,
    ({ stack }) => {
      stack.need(2)
      stack.insert(2, stack.peek())
    },
  ],
  [OP.SIZE, ({ stack }) => stack.pushNumber(stack.peek().length)],
])
