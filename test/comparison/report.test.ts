import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { benchFormats, benchSchema, visitsOf } from '../../comparison/index.ts'
import { choiceOf } from '../../comparison/decision.ts'
import { memoryOf } from '../../comparison/memory.ts'
import { formatHtml } from '../../comparison/report/html/index.ts'
import { formatMarkdown } from '../../comparison/report/markdown.ts'
import type { Score } from '../../comparison/score.ts'
import { endedOf, madeBench, madeMatrix } from './made-bench.ts'

const golden = resolve(import.meta.dirname, '../golden/bench.md')
const asked = { memoryBytes: 4e9, p95Seconds: 0.1, queriesPerSecond: 8 }

describe('the report', () => {
  test('as Markdown is the golden file', () => {
    const text = formatMarkdown(madeBench(asked))
    if (process.env['UPDATE_GOLDEN'] === 'true') writeFileSync(golden, text)
    expect(text).toBe(readFileSync(golden, 'utf8'))
  })

  test('sets each measured row beside the article’s, in its four tables', () => {
    const text = formatMarkdown(madeBench())
    const row = (title: string, target: string) =>
      text
        .split(`## ${title}`)[1]!
        .split('\n')
        .find((line) => line.startsWith(`| ${target} `))!
        .split('|')
        .map((cell) => cell.trim())
    expect(row('Memory', 'v2-m3').at(-2)).toBe('2.1 GB')
    expect(row('Latency', 'v2-m3').at(-2)).toBe('48 / 86 ms')
    expect(row('Latency', 'api').at(-2)).toBe('60 / 95 ms, 40 ms of it network')
    expect(row('Throughput', 'base').at(-2)).toBe('2,100')
    expect(row('Utilisation', 'v2-m3').at(-2)).toBe('78 %, 72–83 %')
    expect(row('Utilisation', 'api').at(-2)).toBe('–')
  })

  test('has no column in which nothing is known of any target', () => {
    const bench = madeBench()
    const text = formatMarkdown({
      ...bench,
      rows: bench.rows.map((row) => ({ ...row, article: null })),
    })
    expect(text).not.toContain('| article')
    const [, head] = /## Memory\n\n(.*)\n/.exec(text) ?? []
    expect(head?.split('|').map((cell) => cell.trim())).toEqual([
      '',
      'target',
      'of',
      'loaded',
      'under load',
      'its processes',
      'pairs/s per GB',
      '',
    ])
  })

  test('is one file with everything in it, and what targets say cannot become markup', () => {
    const evil = '<script>alert(1)</script>'
    const [first, ...others] = madeBench().rows
    const page = formatHtml({ ...madeBench(), rows: [{ ...first!, device: evil }, ...others] })
    expect(page).not.toContain(evil)
    expect(page).toContain('&lt;script&gt;alert(1)')
    expect(page).not.toMatch(/(src|href)="https?:/)
  })

  test('says where there is no GPU behind it, in every format', () => {
    const bench = madeBench({}, { emulated: true })
    expect(bench.emulated).toBe(true)
    for (const { file, render } of benchFormats) {
      expect(render(bench), file).toContain('emulated, not a GPU')
    }
  })

  test('bench.json keeps its schema and holds no key', () => {
    const [json] = benchFormats
    const read: unknown = JSON.parse(json.render(madeBench(asked)))
    expect(benchSchema.parse(read)).toEqual(read)
    expect(read).toMatchObject({ schema: 'rerankscope.bench/1', complete: true })
  })
})

describe('figures', () => {
  const bench = madeBench(asked)
  const row = (target: string) => bench.rows.find((one) => one.target === target)!

  test('are medians over the rounds, with their range', () => {
    const { median, min, max, rounds } = row('v2-m3').latency[50].p95Seconds!
    expect([median, min, max, rounds].map((value) => Number(value.toFixed(9)))).toEqual([
      0.084, 0.08, 0.088, 2,
    ])
    expect(row('v2-m3').throughput[8].pairsPerSecond).toEqual({
      ...{ median: 300, min: 200, max: 400, rounds: 2 },
    })
    expect(row('v2-m3').coldStartSeconds?.median).toBe(4.5)
  })

  test('memory is what the device uses more than before, at rest and under load', () => {
    const { of, loadedBytes, underLoadBytes, processBytes } = row('v2-m3').memory
    expect(of).toBe('device')
    expect(loadedBytes?.median).toBe(2.3e9)
    expect(underLoadBytes?.median).toBeCloseTo(2.3e9 * 1.2, -3)
    expect(processBytes?.median).toBe(2.2e9)
    expect(row('v2-m3').pairsPerSecondPerGb).toBeCloseTo(300 / 2.76, 6)
  })

  test('a round that nobody saw begin is no difference, and is left out', () => {
    const results = [1, 2].flatMap((round) =>
      (['memory', 'throughput-8'] as const).map((name) => {
        const cell = visitsOf(madeMatrix)
          .flatMap(({ cells }) => cells)
          .find((one) => one.target === 'v2-m3' && one.test === name && one.round === round)!
        return { cell, ...endedOf(cell, false) }
      }),
    )
    const blind = results.map(({ record, ...rest }) => ({
      ...rest,
      record: record.id.endsWith('memory-2') ? { ...record, memory: undefined } : record,
    }))
    expect(memoryOf(blind).underLoadBytes).toMatchObject({ rounds: 1, min: 2.76e9, max: 2.76e9 })
    expect(memoryOf(results).underLoadBytes).toMatchObject({ rounds: 2, max: 2.76e9 })
  })

  test('cost follows from the price of an hour, or of a query', () => {
    expect(row('v2-m3').costPerMillionPairs).toBeCloseTo((1.2 / 3600 / 300) * 1e6, 9)
    expect(row('api').costPerMillionPairs).toBe(40)
    expect(row('v2-m3').joulesPerPair?.median).toBe(0.25)
  })

  test('network is what the server does not say it spent, else a round trip', () => {
    expect(row('v2-m3').network.by).toBe('server')
    expect(row('v2-m3').network.seconds?.median).toBeCloseTo(0.002, 9)
    expect(row('api').network).toMatchObject({ by: 'handshake', seconds: { median: 0.04 } })
  })

  test('a throughput over the peak of the card is marked, and nothing of that target is scored', () => {
    expect(row('v2-m3').plausibility.verdict).toBe('plausible')
    expect(row('base').plausibility).toMatchObject({ verdict: 'impossible' })
    expect(row('base').plausibility.shareOfPeak).toBeGreaterThan(1)
    const score = (target: string) => bench.scores.find((one) => one.target === target)!
    expect(score('base')).toMatchObject({ total: null, weightShare: 0 })
    expect(Object.values(score('base').byDimension)).toEqual(Array(6).fill(null))
    expect(score('v2-m3').byDimension).toMatchObject({ memory: 10, latency: 10, utilization: 10 })
    expect(score('api').byDimension.throughput).toBe(10)
  })

  test('a target without an answer is a row with its reason, without a score', () => {
    expect(row('dead').reasons).toEqual([
      '22 of its cells: http://gpu:8080 does not answer (ECONNREFUSED)',
    ])
    expect(bench.scores.find(({ target }) => target === 'dead')?.total).toBeNull()
    expect(row('dead').memory).toMatchObject({ of: null, loadedBytes: null, underLoadBytes: null })
  })

  test('the decision knows what is met, missed and not known', () => {
    const decided = Object.fromEntries(
      bench.decision!.targets.map(({ target, ...rest }) => [target, rest]),
    )
    expect(decided).toEqual({
      // 300 pairs/s are 6 queries/s; 70 % of that carry 4.2 of the 8 that were asked for.
      'v2-m3': { memory: 'met', p95: 'met', queries: 'missed', replicas: 2, fits: 'missed' },
      base: {
        ...{ memory: 'unknown', p95: 'unknown', queries: 'unknown' },
        ...{ replicas: null, fits: 'unknown' },
      },
      dead: {
        memory: 'unknown',
        p95: 'unknown',
        queries: 'unknown',
        replicas: null,
        fits: 'unknown',
      },
      api: { memory: 'unknown', p95: 'missed', queries: 'missed', replicas: 2, fits: 'missed' },
    })
    expect(bench.decision?.choice).toBeNull()
    expect(madeBench({ ...asked, queriesPerSecond: 4 }).decision?.choice).toBe('v2-m3')
  })

  test('a model that ranks by chance is named in the verdict, and is never the choice', () => {
    const [text] = formatMarkdown(bench).split('## Memory')
    expect(text).toContain('Little better than chance in quality, so no choice however fast: base.')
    const { rows, scores } = bench
    const decisions = bench.decision!.targets.map((one) => ({ ...one, fits: 'met' as const }))
    const totals = scores.map((one) => ({
      ...{ byDimension: one.byDimension as Score['byDimension'], weightShare: 1 },
      total: one.target === 'base' ? 10 : 5,
    }))
    expect(choiceOf(rows, totals, decisions)).toBe('v2-m3')
  })

  test('weights, prices and the article can change without a new measurement', () => {
    const matrix = { ...madeMatrix, weights: { memory: 0, quality: 3 } }
    const { weights } = madeBench({}, { matrix })
    expect(weights).toEqual({
      ...{
        memory: 0,
        latency: 1 / 6,
        throughput: 1 / 6,
        utilization: 1 / 6,
        quality: 0.5,
        cost: 0,
      },
    })
  })
})
