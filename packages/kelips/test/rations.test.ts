import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import { createSimulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { KELIPS_TESTNET, type KelipsMachine, kelips, type MemberRecord } from '../src/index.ts'
import { Rations } from '../src/rations.ts'
import { randomPointer, randomRecord } from './table-memory.ts'

const LONG_ADDRESSES = Array.from({ length: 8 }, (_, i) => new Uint8Array(192).fill(i + 1))
const RATION_BYTES = 1_300
const OTHERS = 20

for (const tables of ['packed', 'shared'] as const) {
  describe(`a ration from ${tables} tables`, () => {
    const simulation = createSimulation(kelips({ ...KELIPS_TESTNET, groups: 1 }, { tables }), {
      nodes: 2,
      seed: 3,
    })
    simulation.joinAll()
    const { state } = simulation.node(0).machine as KelipsMachine
    const random = new SeededRandom(8)
    const to = state.roster.at(0)

    it('tells every filetuple in turn, though one is too long for it', () => {
      const pointer = (change: object) => ({
        ...randomPointer(random, random.bytes(32)),
        expiresAt: state.nowS() + 60,
        ...change,
      })
      state.filetuples.put(pointer({ addresses: LONG_ADDRESSES }))
      for (let i = 0; i < OTHERS; i++) state.filetuples.put(pointer({}))
      const rations = new Rations(state)
      const told = new Set<string>()
      for (let round = 0; round < OTHERS; round++)
        for (const { signature } of rations.compose({ to, maxBytes: RATION_BYTES, wantsReply: false })
          .pointers)
          told.add(signature.join())
      assert.equal(told.size, OTHERS)
    })

    it('tells every member in turn, though one of them has a record too long for it', () => {
      const meet = (record: MemberRecord) =>
        state.handles.with(record.id, peer => state.roster.update(peer, { record, ageMs: 0 }))
      const heartbeat = state.now()
      meet({ ...randomRecord(random), addresses: LONG_ADDRESSES, heartbeat })
      for (let i = 0; i < OTHERS; i++) meet({ ...randomRecord(random), heartbeat })
      const rations = new Rations(state)
      const told = new Set<string>()
      for (let round = 0; round < OTHERS; round++)
        for (const { record } of rations.compose({ to, maxBytes: RATION_BYTES, wantsReply: false }).members)
          told.add(record.id.join())
      assert.equal(told.size, OTHERS)
    })
  })
}
