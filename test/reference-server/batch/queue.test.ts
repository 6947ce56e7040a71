import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BatchQueue, type QueuedPair } from '../../../reference-server/batch/queue.ts'

const limits = { batchTokens: 1024, windowPairs: 64 }
const requests = fc.array(fc.array(fc.integer({ min: 3, max: 512 }), { maxLength: 60 }), {
  maxLength: 12,
})

function drain(queue: BatchQueue): (readonly QueuedPair[])[] {
  const batches: (readonly QueuedPair[])[] = []
  for (let batch = queue.next(); batch.length > 0; batch = queue.next()) batches.push(batch)
  return batches
}

const keyOf = ({ request, index }: QueuedPair) => `${String(request)}/${String(index)}`

describe('the batch queue', () => {
  test('gives out every pair exactly once and then nothing', () => {
    fc.assert(
      fc.property(requests, (lengths) => {
        const queue = new BatchQueue(limits)
        for (const [id, tokens] of lengths.entries()) queue.add(id, tokens)
        expect(queue.pairs).toBe(lengths.flat().length)
        const given = drain(queue).flat().map(keyOf).sort()
        const added = lengths
          .flatMap((tokens, id) => tokens.map((_, index) => `${String(id)}/${String(index)}`))
          .sort()
        expect(given).toEqual(added)
        expect(queue.pairs).toBe(0)
      }),
    )
  })

  test('keeps the token budget, padding counted, unless one pair alone exceeds it', () => {
    fc.assert(
      fc.property(requests, fc.integer({ min: 64, max: 2048 }), (lengths, batchTokens) => {
        const queue = new BatchQueue({ ...limits, batchTokens })
        for (const [id, tokens] of lengths.entries()) queue.add(id, tokens)
        for (const batch of drain(queue)) {
          const longest = Math.max(...batch.map(({ tokens }) => tokens))
          if (batch.length > 1) expect(longest * batch.length).toBeLessThanOrEqual(batchTokens)
        }
      }),
    )
  })

  test('the oldest request is always served, so nobody waits for ever', () => {
    fc.assert(
      fc.property(requests, (lengths) => {
        const queue = new BatchQueue(limits)
        for (const [id, tokens] of lengths.entries()) queue.add(id, tokens)
        const left = lengths.map((tokens) => tokens.length)
        for (const batch of drain(queue)) {
          const oldest = left.findIndex((count) => count > 0)
          expect(batch.some(({ request }) => request === oldest)).toBe(true)
          for (const { request } of batch) left[request]! -= 1
        }
      }),
    )
  })

  test('a batch with room left takes the longest pairs of others that fit without more padding', () => {
    const queue = new BatchQueue({ batchTokens: 400, windowPairs: 64 })
    queue.add(1, [100, 90])
    queue.add(2, [200, 20, 95])
    queue.add(3, [99])
    expect(queue.next().map(({ tokens }) => tokens)).toEqual([100, 90, 99, 95])
    expect(queue.next().map(({ tokens }) => tokens)).toEqual([200, 20])
  })

  test('what is dropped never comes out', () => {
    fc.assert(
      fc.property(requests, fc.nat(11), (lengths, dropped) => {
        const queue = new BatchQueue(limits)
        for (const [id, tokens] of lengths.entries()) queue.add(id, tokens)
        queue.next()
        const before = queue.pairs
        const gone = queue.drop(dropped)
        expect(queue.pairs).toBe(before - gone)
        const left = drain(queue).flat()
        expect(left.every(({ request }) => request !== dropped)).toBe(true)
        expect(left).toHaveLength(before - gone)
      }),
    )
  })
})
