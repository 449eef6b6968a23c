import type { Sats } from '../amount.ts'
import { addFees, compareFeeRates, type FeePerSize } from './fee-rate.ts'

/** Fees that are earned with so many virtual bytes, from (0, 0) on. */
type Diagram = readonly FeePerSize[]

/**
 * Whether a miner prefers one set of chunks to another whatever room there is: with the best paying ones first, at no
 * size it has earned less, and at some it has earned more (`CompareChunks`).
 */
export function improvesDiagram(after: readonly FeePerSize[], before: readonly FeePerSize[]): boolean {
  const [high, low] = [diagramOf(after), diagramOf(before)]
  let isBetter = false
  for (const { size } of [...high, ...low]) {
    const difference = compareAt(high, low, size)
    if (difference < 0) return false
    if (difference > 0) isBetter = true
  }
  return isBetter
}

function diagramOf(chunks: readonly FeePerSize[]): Diagram {
  const points: FeePerSize[] = [{ fee: 0n, size: 0 }]
  for (const chunk of chunks.toSorted((a, b) => compareFeeRates(b, a)))
    points.push(addFees(points[points.length - 1]!, chunk))
  return points
}

function compareAt(a: Diagram, b: Diagram, size: number): number {
  const [left, right] = [feeAtSize(a, size), feeAtSize(b, size)]
  const difference = left.numerator * right.denominator - right.numerator * left.denominator
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

/** On the line between two points; level behind the last one. */
function feeAtSize(diagram: Diagram, size: number): { numerator: Sats; denominator: bigint } {
  const next = diagram.findIndex(point => point.size >= size)
  if (next < 0) return { numerator: diagram[diagram.length - 1]!.fee, denominator: 1n }
  const [from, to] = [diagram[next - 1], diagram[next]!]
  if (from === undefined || to.size === size) return { numerator: to.fee, denominator: 1n }
  const [run, rise] = [BigInt(to.size - from.size), to.fee - from.fee]
  return { numerator: from.fee * run + rise * BigInt(size - from.size), denominator: run }
}
