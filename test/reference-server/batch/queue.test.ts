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

  test('a request may hold as many pairs as its server allows', () => {
    const queue = new BatchQueue(limits)
    queue.add(0, Array<number>(200_000).fill(16))
    expect(queue.next()).toHaveLength(1024 / 16)
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

  test('a batch takes what comes next in length, whosever it is, and no more padding than a share', () => {
    const queue = new BatchQueue({ batchTokens: 400, windowPairs: 64 })
    queue.add(1, [100, 90])
    queue.add(2, [200, 20, 95])
    queue.add(3, [99])
    expect(queue.next().map(({ tokens }) => tokens)).toEqual([100, 99, 95, 90])
    // 20 beside 200 would be 180 of padding, where 50 are allowed.
    expect(queue.next().map(({ tokens }) => tokens)).toEqual([200])
    expect(queue.next().map(({ tokens }) => tokens)).toEqual([20])
  })

  test('of equal lengths the oldest request goes first', () => {
    const queue = new BatchQueue({ batchTokens: 300, windowPairs: 64 })
    queue.add(1, [100, 100])
    queue.add(2, [100, 100])
    expect(queue.next().map(({ request }) => request)).toEqual([1, 1, 2])
  })

  test('fixed batches hold as many pairs as asked for, whatever is padded', () => {
    fc.assert(
      fc.property(requests, fc.constantFrom(1, 4, 8), (lengths, batchPairs) => {
        const queue = new BatchQueue({ batchTokens: 512 * 8, batchPairs, windowPairs: 64 })
        for (const [id, tokens] of lengths.entries()) queue.add(id, tokens)
        const batches = drain(queue)
        expect(batches.every((batch) => batch.length <= batchPairs)).toBe(true)
        expect(batches.flat()).toHaveLength(lengths.flat().length)
      }),
    )
    const queue = new BatchQueue({ batchTokens: 4096, batchPairs: 4, windowPairs: 64 })
    queue.add(1, [500, 20, 30, 10, 5])
    expect(queue.next().map(({ tokens }) => tokens)).toEqual([500, 30, 20, 10])
  })

  test('a deep queue of mixed lengths is batched with little padding', () => {
    const queue = new BatchQueue({ batchTokens: 4096, windowPairs: 512 })
    for (let id = 0; id < 20; id += 1) {
      queue.add(
        id,
        Array.from({ length: 50 }, (_, at) => 24 + ((at * 97 + id * 31) % 457)),
      )
    }
    let [tokens, cells] = [0, 0]
    for (const batch of drain(queue)) {
      tokens += batch.reduce((sum, pair) => sum + pair.tokens, 0)
      cells += batch.length * batch[0]!.tokens
    }
    expect(1 - tokens / cells).toBeLessThan(0.05)
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
