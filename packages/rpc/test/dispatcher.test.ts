import assert from 'node:assert/strict'
import { defineMethod, RpcDispatcher, RpcError } from '@onehop/rpc'

describe('the RPC dispatcher', () => {
  const methods = [defineMethod({ name: 'getblockcount', summary: 'Height.', handler: () => 7 })]
  const context = { signal: new AbortController().signal, wallet: undefined }

  it('lets no result leave before what it shows is safe', async () => {
    const safe = Promise.withResolvers<void>()
    const dispatcher = new RpcDispatcher({ methods, beforeAnswer: () => safe.promise })
    let answered = false
    const answer = dispatcher.call('getblockcount', [], context).finally(() => {
      answered = true
    })
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(answered, false)
    safe.resolve()
    assert.equal(await answer, 7)
  })

  it('answers with an error when that can never be', async () => {
    const errors: unknown[] = []
    const dispatcher = new RpcDispatcher({
      methods,
      beforeAnswer: () => Promise.reject(new Error('the disk is gone')),
      onInternalError: error => errors.push(error),
    })
    await assert.rejects(dispatcher.call('getblockcount', [], context), RpcError)
    assert.equal(errors.length, 1)
  })
})
