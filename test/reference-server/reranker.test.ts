import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../core/clock.ts'
import { countOf, type HistogramValue } from '../../core/histogram.ts'
import type { RerankFailure, RerankRequest, RerankTerms } from '../../core/rerank.ts'
import { Metering } from '../../reference-server/metering.ts'
import { loadModel } from '../../reference-server/model/registry.ts'
import type { RequestRecord } from '../../reference-server/record.ts'
import { Reranker } from '../../reference-server/reranker.ts'
import { chineseText } from './support.ts'

const metering = new Metering()
const records: RequestRecord[] = []
const never = new AbortController().signal
let reranker: Reranker
/** A deadline of so many seconds passes when the test says so. */
const fakeSeconds = 77
let passDeadline: () => void = () => undefined
const clock: Clock = {
  ...systemClock,
  sleep: (seconds, signal) =>
    seconds === fakeSeconds
      ? new Promise((resolve) => {
          passDeadline = resolve
        })
      : systemClock.sleep(seconds, signal),
}
beforeAll(async () => {
  reranker = await Reranker.start({
    model: loadModel('embedded'),
    device: 'cpu',
    maximumBatchTokens: 1024,
    maximumPairs: 200,
    maximumRequests: 10,
    maximumQueuedTokens: 25_000,
    cacheBytes: 1_000_000,
    scoreCacheBytes: 1_000_000,
    clock,
    log: () => undefined,
    metering,
    onRequest: (record) => records.push(record),
  })
})
afterAll(() => reranker.close())

const asking: RerankRequest = {
  query: '珊瑚',
  documents: ['珊瑚礁', '石头'],
  returnDocuments: false,
  rawScores: true,
  truncationDirection: 'right',
}
const askAll = (requests: readonly Partial<RerankRequest>[], terms: Partial<RerankTerms> = {}) =>
  reranker.rerank(
    requests.map((request) => ({ ...asking, ...request })),
    { signal: never, ...terms },
  )
async function ask(request: Partial<RerankRequest>, terms: Partial<RerankTerms> = {}) {
  const { results, phases } = await askAll([request], terms)
  return { result: results[0]!, phases }
}

function valueOf(name: string, labels: Readonly<Record<string, string>> = {}) {
  const nothing = { version: '', model: '', dtype: '', device: '', queuedPairs: 0 }
  const readings = metering.readings({
    ...nothing,
    inferenceBusySeconds: 0,
    inferenceResidentBytes: undefined,
    inferenceRestarts: 0,
  })
  const found = readings.find(
    ({ metric, labels: own }) =>
      metric.name === name && Object.entries(labels).every(([key, label]) => own[key] === label),
  )
  return found!.value
}

const value = (name: string, labels?: Readonly<Record<string, string>>) =>
  valueOf(name, labels) as number

describe('the score cache', () => {
  test('answers a pair seen before with the same score, and computes only the new ones', async () => {
    const first = await ask({})
    const before = value('reranker_pairs_total')
    const again = await ask({ documents: ['木头', '珊瑚礁', '石头'] })
    expect(value('reranker_pairs_total') - before).toBe(1)
    const logit = (answer: typeof first, index: number) =>
      answer.result.ranking.find((one) => one.index === index)?.score
    expect(logit(again, 1)).toBe(logit(first, 0))
    expect(logit(again, 2)).toBe(logit(first, 1))
    expect(again.result.usage?.tokens).toBe(3 * 3 + 3 * 2 + 2 + 3 + 2)
    expect(value('reranker_cache_hits_total', { cache: 'scores' })).toBe(2)
    expect(records.at(-1)).toMatchObject({ outcome: 'ok', documents: 3, cachedPairs: 2 })
  })

  test('a request that bypasses it is computed, and leaves nothing', async () => {
    const documents = ['珊瑚海', '新的一句']
    const before = value('reranker_pairs_total')
    const lookUps = value('reranker_cache_misses_total', { cache: 'tokens' })
    await ask({ documents }, { bypassCaches: true })
    await ask({ documents }, { bypassCaches: true })
    expect(value('reranker_pairs_total') - before).toBe(4)
    expect(value('reranker_cache_misses_total', { cache: 'tokens' })).toBe(lookUps)
    await ask({ documents })
    expect(value('reranker_pairs_total') - before).toBe(6)
  })

  test('when everything is known nothing is queued, and truncation is still told and refused', async () => {
    const documents = [`珊瑚${chineseText(300, 1)}`]
    await ask({ documents })
    const before = value('reranker_truncated_pairs_total')
    const known = await ask({ documents })
    expect(known.phases).toEqual({ tokeniseSeconds: 0, queueSeconds: 0, inferSeconds: 0 })
    expect(known.result.usage?.truncatedPairs).toBe(1)
    expect(value('reranker_truncated_pairs_total')).toBe(before + 1)
    await expect(ask({ documents, truncate: false })).rejects.toMatchObject({ kind: 'validation' })
    await expect(ask({ documents, truncate: false })).rejects.toMatchObject({ kind: 'validation' })
  })
})

describe('truncation of a request', () => {
  const filler = chineseText(400, 2)
  const score = async (request: Partial<RerankRequest>) =>
    (await ask({ rawScores: false, ...request })).result.ranking[0]!.score

  test('head_tail finds what stands at either end, only_second what the side keeps', async () => {
    const [atHead, atTail] = [[`珊瑚${filler}`], [`${filler}珊瑚`]]
    expect(await score({ documents: atHead, truncation: 'head_tail' })).toBeGreaterThan(0.5)
    expect(await score({ documents: atTail, truncation: 'head_tail' })).toBeGreaterThan(0.5)
    expect(await score({ documents: atTail, truncation: 'only_second' })).toBeLessThan(0.5)
    expect(
      await score({ documents: [`${filler}珊瑚${filler}`], truncation: 'head_tail' }),
    ).toBeLessThan(0.5)
  })

  test("a length of the request's own is kept, the server's is never exceeded", async () => {
    const tokens = async (maximumTokens?: number) =>
      (await ask({ documents: [filler], ...(maximumTokens !== undefined && { maximumTokens }) }))
        .result.usage?.tokens
    expect(await tokens(32)).toBe(32)
    expect(await tokens()).toBe(128)
    expect(await tokens(10_000)).toBe(128)
    await expect(ask({ maximumTokens: 4 })).rejects.toMatchObject({ kind: 'validation' })
  })

  test('a text with thousands of blanks before its words counts as cut', async () => {
    const { result } = await ask({ documents: [`${' '.repeat(50_000)}珊瑚`, ' '.repeat(50_000)] })
    expect(result.usage?.truncatedPairs).toBe(1)
  })
})

describe('terms', () => {
  const many = (seed: number) => Array.from({ length: 150 }, (_, at) => chineseText(140, seed + at))

  test('what waits when its deadline passes is dropped, counted, and answered as such', async () => {
    const tokenised = () =>
      countOf(valueOf('reranker_stage_duration_seconds', { stage: 'tokenise' }) as HistogramValue)
    const before = tokenised()
    const busy = ask({ documents: many(1000) })
    const late = ask({ documents: many(5000).slice(0, 20) }, { deadlineSeconds: fakeSeconds })
    await expect.poll(tokenised, { interval: 1 }).toBe(before + 2)
    const waiting = reranker.queuedPairs
    passDeadline()
    await expect(late).rejects.toMatchObject({ kind: 'deadline_exceeded' })
    expect(records.at(-1)).toMatchObject({ outcome: 'deadline_exceeded', documents: 20 })
    const dropped = value('reranker_dropped_pairs_total', { reason: 'deadline' })
    expect(reranker.queuedPairs).toBeLessThanOrEqual(waiting - dropped)
    expect((await busy).result.ranking).toHaveLength(150)
    expect(dropped).toBe(20)
  })

  test('a request beyond a limit is refused whole, and told when to try again', async () => {
    const accepted = ask({ documents: many(7000) })
    const refused = (await ask({ documents: many(8000) }).catch(
      (error: unknown) => error,
    )) as RerankFailure
    expect(refused.kind).toBe('overloaded')
    expect(refused.retryAfterSeconds).toBeGreaterThanOrEqual(1)
    expect((await accepted).result.ranking).toHaveLength(150)
    // 150 pairs of 128 tokens fit into 25,000; 200 never do.
    const tooMuch = Array.from({ length: 200 }, (_, at) => chineseText(140, 9000 + at))
    await expect(ask({ documents: tooMuch })).rejects.toMatchObject({ kind: 'too_large' })
    expect((await ask({})).result.ranking).toHaveLength(2)
  })

  test('the queries of one body are one request: its limits, its record, its end', async () => {
    const queries = Array.from({ length: 11 }, (_, at) => ({ query: chineseText(3, 30 + at) }))
    const { results, phases } = await askAll(queries)
    expect(results.map(({ ranking }) => ranking.length)).toEqual(Array(11).fill(2))
    const record = records.at(-1)!
    expect(record).toMatchObject({ outcome: 'ok', documents: 22, cachedPairs: 0 })
    expect(record.stages.map(({ name }) => name)).toEqual(['tokenise', 'queue', 'infer'])
    expect(phases.inferSeconds).toBeGreaterThan(0)
    const before = records.length
    // Each alone would fit into 200 pairs.
    const two = [10_000, 15_000].map((seed) => ({ documents: many(seed) }))
    await expect(askAll(two)).rejects.toMatchObject({ kind: 'too_large' })
    expect(records).toHaveLength(before + 1)
    // What fails one query gives the other up, which is no hanging up of its caller.
    const hungUp = value('reranker_dropped_pairs_total', { reason: 'disconnect' })
    const failing = { documents: [chineseText(300, 5)], truncate: false }
    await expect(askAll([{ documents: many(20_000) }, failing])).rejects.toMatchObject({
      kind: 'validation',
    })
    await expect.poll(() => reranker.queuedPairs).toBe(0)
    expect(value('reranker_dropped_pairs_total', { reason: 'disconnect' })).toBe(hungUp)
  })

  test('a record says which stages there were, in their order and without gaps', async () => {
    await ask({ documents: ['a new text'] }, { traceparent: '00-1-2-01' })
    const record = records.at(-1)!
    expect(record.traceparent).toBe('00-1-2-01')
    expect(record.stages.map(({ name }) => name)).toEqual(['tokenise', 'queue', 'infer'])
    const [tokenise, queue, infer] = record.stages
    expect(tokenise!.startSeconds).toBeGreaterThanOrEqual(record.startSeconds)
    expect(queue!.startSeconds).toBe(tokenise!.endSeconds)
    expect(infer!.startSeconds).toBe(queue!.endSeconds)
    expect(infer!.endSeconds).toBeLessThanOrEqual(record.endSeconds)
  })
})
