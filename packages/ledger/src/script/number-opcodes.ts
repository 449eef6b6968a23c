import { equalBytes } from '@onehop/primitives'
import type { OpcodeHandler } from './execution.ts'
import { OP } from './opcodes.ts'
import { require } from './script-error.ts'

function unary(compute: (a: number) => number): OpcodeHandler {
  return ({ stack, minimal }) => {
    const a = stack.peekNumber(0, minimal)
    stack.pop()
    stack.pushNumber(compute(a))
  }
}

function binary(compute: (a: number, b: number) => number | boolean): OpcodeHandler {
  return ({ stack, minimal }) => {
    stack.need(2)
    const a = stack.peekNumber(1, minimal)
    const b = stack.peekNumber(0, minimal)
    stack.pop()
    stack.pop()
    const result = compute(a, b)
    if (typeof result === 'boolean') stack.pushBool(result)
    else stack.pushNumber(result)
  }
}

const numEqual = binary((a, b) => a === b)

const equal: OpcodeHandler = ({ stack }) => {
  stack.need(2)
  stack.pushBool(equalBytes(stack.pop(), stack.pop()))
}

/** Opcodes that compute and compare. */
export const NUMBER_OPCODES: ReadonlyMap<number, OpcodeHandler> = new Map<number, OpcodeHandler>([
  [OP.EQUAL, equal],
  [
    OP.EQUALVERIFY,
    execution => {
      equal(execution)
      require(execution.stack.popBool(), 'EQUALVERIFY')
    },
  ],
  [OP['1ADD'], unary(a => a + 1)],
  [OP['1SUB'], unary(a => a - 1)],
  [OP.NEGATE, unary(a => 0 - a)],
  [OP.ABS, unary(Math.abs)],
  [OP.NOT, unary(a => (a === 0 ? 1 : 0))],
  [OP['0NOTEQUAL'], unary(a => (a === 0 ? 0 : 1))],
  [OP.ADD, binary((a, b) => a + b)],
  [OP.SUB, binary((a, b) => a - b)],
  [OP.BOOLAND, binary((a, b) => a !== 0 && b !== 0)],
  [OP.BOOLOR, binary((a, b) => a !== 0 || b !== 0)],
  [OP.NUMEQUAL, numEqual],
  [
    OP.NUMEQUALVERIFY,
    execution => {
      numEqual(execution)
      require(execution.stack.popBool(), 'NUMEQUALVERIFY')
    },
  ],
  [OP.NUMNOTEQUAL, binary((a, b) => a !== b)],
  [OP.LESSTHAN, binary((a, b) => a < b)],
  [OP.GREATERTHAN, binary((a, b) => a > b)],
  [OP.LESSTHANOREQUAL, binary((a, b) => a <= b)],
  [OP.GREATERTHANOREQUAL, binary((a, b) => a >= b)],
  [OP.MIN, binary(Math.min)],
  [OP.MAX, binary(Math.max)],
  [
    OP.WITHIN,
    ({ stack, minimal }) => {
      stack.need(3)
      const [value, least, above] = [2, 1, 0].map(depth => stack.peekNumber(depth, minimal)) as [
        number,
        number,
        number,
      ]
      for (let i = 0; i < 3; i++) stack.pop()
      stack.pushBool(least <= value && value < above)
    },
  ],
])
