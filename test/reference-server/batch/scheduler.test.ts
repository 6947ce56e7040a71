import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RerankFailure } from '../../../core/rerank.ts'
import type { BatchResult, PackedBatch } from '../../../reference-server/batch/packed.ts'
import { AbandonedError, BatchScheduler } from '../../../reference-server/batch/scheduler.ts'
import type { TokenPair } from '../../../reference-server/tokenise/pair.ts'

const template = {
  before: Int32Array.of(101),
  between: Int32Array.of(102),
  after: Int32Array.of(102),
  documentType: 1,
  paddingId: 0,
}
const never = new AbortController().signal

/** A pair whose first document id is `mark`, so that a fake device can answer with it. */
function pairOf(mark: number, documentTokens: number): TokenPair {
  const document = new Int32Array(documentTokens).fill(mark)
  return { query: Int32Array.of(7), document, tokens: documentTokens + 4, truncated: false }
}

/** Reads each pair's mark back from the packed batch: a logit that only the right place can give. */
function marksOf({ ids, lengths }: PackedBatch): Float32Array {
  let at = 0
  return Float32Array.from(lengths, (length) => {
    at += length
    return ids[at - length + 3] ?? Number.NaN
  })
}

function schedulerOf(
  infer: (batch: PackedBatch) => Promise<BatchResult>,
  batchTokens = 256,
  onDropped: (pairs: number, cause: unknown) => void = () => undefined,
  slots = () => 2,
): BatchScheduler {
  return new BatchScheduler({
    limits: { batchTokens, windowPairs: 64 },
    template,
    infer,
    clock: { monotonicSeconds: () => 0 },
    slots,
    onBatch: () => undefined,
    onDropped,
  })
}

test('every request gets its own logits back, in its own order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }), {
        minLength: 1,
        maxLength: 8,
      }),
      async (shapes) => {
        const scheduler = schedulerOf(async (batch) => {
          await Promise.resolve()
          return { logits: marksOf(batch), inferSeconds: 0.5, splits: 0 }
        })
        let mark = 1000
        const requests = shapes.map((lengths) =>
          lengths.map((length) => pairOf((mark += 1), length)),
        )
        const scored = await Promise.all(requests.map((pairs) => scheduler.submit(pairs, never)))
        for (const [at, { logits }] of scored.entries()) {
          expect([...logits]).toEqual(requests[at]!.map(({ document }) => document[0]))
        }
        expect(scheduler.queuedPairs).toBe(0)
      },
    ),
    { numRuns: 50 },
  )
})

/** A device whose batches end when the test says so. */
function manualDevice() {
  const open: { batch: PackedBatch; end: () => void; fail: (error: Error) => void }[] = []
  const infer = (batch: PackedBatch) =>
    new Promise<BatchResult>((resolve, reject) => {
      open.push({
        batch,
        end: () => {
          resolve({ logits: marksOf(batch), inferSeconds: 1, splits: 0 })
        },
        fail: reject,
      })
    })
  return { open, infer }
}

test('as many batches are under way as there are slots; the next one follows when one ends', async () => {
  const { open, infer } = manualDevice()
  const scheduler = schedulerOf(infer, 32)
  const done = scheduler.submit(
    [1, 2, 3, 4].map((mark) => pairOf(mark, 20)),
    never,
  )
  expect(open).toHaveLength(2)
  expect(scheduler.queuedPairs).toBe(2)
  open[0]!.end()
  await new Promise((resolve) => setImmediate(resolve))
  expect(open).toHaveLength(3)
  for (const { end } of open) end()
  await new Promise((resolve) => setImmediate(resolve))
  open[3]!.end()
  expect([...(await done).logits]).toEqual([1, 2, 3, 4])
})

test('pairs of a caller who has gone are never computed, and he is told so', async () => {
  const { open, infer } = manualDevice()
  const dropped: [number, unknown][] = []
  const scheduler = schedulerOf(infer, 32, (pairs, cause) => dropped.push([pairs, cause]))
  const caller = new AbortController()
  const gone = scheduler.submit(
    [1, 2, 3, 4].map((mark) => pairOf(mark, 20)),
    caller.signal,
  )
  const stays = scheduler.submit([pairOf(9, 20)], never)
  const reason = new AbandonedError('gone')
  caller.abort(reason)
  await expect(gone).rejects.toBe(reason)
  expect(dropped).toEqual([[2, reason]])
  expect(scheduler.queuedPairs).toBe(1)
  open[0]!.end()
  open[1]!.end()
  await new Promise((resolve) => setImmediate(resolve))
  open[2]!.end()
  expect([...(await stays).logits]).toEqual([9])
  expect(open).toHaveLength(3)
})

test('a failed batch fails the requests in it and no other', async () => {
  const { open, infer } = manualDevice()
  const scheduler = schedulerOf(infer, 32)
  const first = scheduler.submit([pairOf(1, 20)], never)
  const second = scheduler.submit([pairOf(2, 20)], never)
  open[0]!.fail(new RerankFailure('backend', 'no'))
  open[1]!.end()
  await expect(first).rejects.toMatchObject({ kind: 'backend' })
  expect([...(await second).logits]).toEqual([2])
})

test('without a device a request is refused at once, and what was refused is not computed later', async () => {
  const { open, infer } = manualDevice()
  let slots = 0
  const scheduler = schedulerOf(
    infer,
    32,
    () => undefined,
    () => slots,
  )
  await expect(scheduler.submit([pairOf(1, 20)], never)).rejects.toMatchObject({
    kind: 'unhealthy',
  })
  expect(scheduler.queuedPairs).toBe(0)
  slots = 2
  const later = scheduler.submit([pairOf(2, 20)], never)
  expect(open).toHaveLength(1)
  open[0]!.end()
  expect([...(await later).logits]).toEqual([2])
})

test('a device that comes back takes its share with the next submission', () => {
  const { open, infer } = manualDevice()
  let slots = 1
  const scheduler = schedulerOf(
    infer,
    32,
    () => undefined,
    () => slots,
  )
  for (const mark of [1, 2]) void scheduler.submit([pairOf(mark, 20)], never)
  expect(open).toHaveLength(1)
  slots = 4
  void scheduler.submit([pairOf(3, 20)], never)
  expect(open).toHaveLength(3)
})
