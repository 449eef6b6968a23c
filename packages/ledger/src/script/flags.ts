import type { HeaderNode } from '../header-node.ts'
import { blockHashToHex } from '../ids.ts'
import type { ChainParameters } from '../params.ts'

/** Which rules a script is checked under (Bitcoin Core: script/interpreter.h). */
export const FLAG = {
  P2SH: 1 << 0,
  STRICTENC: 1 << 1,
  DERSIG: 1 << 2,
  LOW_S: 1 << 3,
  NULLDUMMY: 1 << 4,
  SIGPUSHONLY: 1 << 5,
  MINIMALDATA: 1 << 6,
  DISCOURAGE_UPGRADABLE_NOPS: 1 << 7,
  CLEANSTACK: 1 << 8,
  CHECKLOCKTIMEVERIFY: 1 << 9,
  CHECKSEQUENCEVERIFY: 1 << 10,
  WITNESS: 1 << 11,
  DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM: 1 << 12,
  MINIMALIF: 1 << 13,
  NULLFAIL: 1 << 14,
  WITNESS_PUBKEYTYPE: 1 << 15,
  CONST_SCRIPTCODE: 1 << 16,
  TAPROOT: 1 << 17,
  DISCOURAGE_UPGRADABLE_TAPROOT_VERSION: 1 << 18,
  DISCOURAGE_OP_SUCCESS: 1 << 19,
  DISCOURAGE_UPGRADABLE_PUBKEYTYPE: 1 << 20,
} as const

/** A set of {@link FLAG}s, or-ed together. */
export type ScriptFlags = number

/** What a block must obey: each soft fork from its own height, few blocks excepted (Core: GetBlockScriptFlags). */
export function consensusFlags(
  { height, hash }: Pick<HeaderNode, 'height' | 'hash'>,
  parameters: ChainParameters,
): ScriptFlags {
  const usual = FLAG.P2SH | FLAG.WITNESS | FLAG.TAPROOT
  let flags = parameters.scriptFlagExceptions.get(blockHashToHex(hash)) ?? usual
  if (height >= parameters.bip66Height) flags |= FLAG.DERSIG
  if (height >= parameters.bip65Height) flags |= FLAG.CHECKLOCKTIMEVERIFY
  if (height >= parameters.csvHeight) flags |= FLAG.CHECKSEQUENCEVERIFY
  if (height >= parameters.segwitHeight) flags |= FLAG.NULLDUMMY
  return flags
}

/** All soft forks (Core: MANDATORY_SCRIPT_VERIFY_FLAGS). */
export const MANDATORY_FLAGS: ScriptFlags =
  FLAG.P2SH |
  FLAG.DERSIG |
  FLAG.NULLDUMMY |
  FLAG.CHECKLOCKTIMEVERIFY |
  FLAG.CHECKSEQUENCEVERIFY |
  FLAG.WITNESS |
  FLAG.TAPROOT

/** What the mempool asks for beyond that (Core: STANDARD_SCRIPT_VERIFY_FLAGS). */
export const STANDARD_FLAGS: ScriptFlags =
  MANDATORY_FLAGS |
  FLAG.STRICTENC |
  FLAG.MINIMALDATA |
  FLAG.DISCOURAGE_UPGRADABLE_NOPS |
  FLAG.CLEANSTACK |
  FLAG.MINIMALIF |
  FLAG.NULLFAIL |
  FLAG.LOW_S |
  FLAG.DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM |
  FLAG.WITNESS_PUBKEYTYPE |
  FLAG.CONST_SCRIPTCODE |
  FLAG.DISCOURAGE_UPGRADABLE_TAPROOT_VERSION |
  FLAG.DISCOURAGE_OP_SUCCESS |
  FLAG.DISCOURAGE_UPGRADABLE_PUBKEYTYPE
