import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { benchSchema, type Bench } from '../../comparison/index.ts'
import { formatCount, formatDuration } from '../../core/units.ts'
import { Rerankscope, type Ended } from '../system/processes.ts'
import { gradesOf, linesOf, medianOf, mostMemoryOf, readingOf, type Reading } from './recompute.ts'

const demo = resolve(import.meta.dirname, '../../comparison/demo.yaml')
const cellCount = 4 * 11 * 2
const rounds = [1, 2]

/** The command of `npm run bench:demo`, interrupted once, killed half-way, and started again. */
describe('npm run bench:demo', () => {
  let folder: string
  let bench: Bench
  let stopped: Ended
  let ended: Ended
  const journals: string[] = []
  const startedAt: Record<string, string>[] = []
  const left: (readonly number[])[] = []

  const journal = () => {
    const path = join(folder, 'journal.ndjson')
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const linesIn = (text: string) => text.split('\n').length - 1

  async function runUntil(lines: number, signal: 'SIGINT' | 'SIGKILL'): Promise<Ended> {
    const program = new Rerankscope(['bench', demo, '--out', folder])
    while (linesIn(journal()) < lines && program.child.exitCode === null) await sleep(100)
    // In the middle of a cell, not between two.
    await sleep(500)
    program.child.kill(signal)
    const end = await program.ended
    left.push(await program.remaining(15))
    journals.push(journal())
    startedAt.push(startsOf(journal()))
    return end
  }

  /** When the run of each finished cell began: measured again, it would have begun again. */
  function startsOf(text: string): Record<string, string> {
    const ids = text
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => (JSON.parse(line) as { id: string }).id)
    const known = ids.filter((id) => existsSync(join(folder, 'cells', id, 'run.json')))
    return Object.fromEntries(
      known.map((id) => {
        const run = readFileSync(join(folder, 'cells', id, 'run.json'), 'utf8')
        return [id, (JSON.parse(run) as { startedAt: string }).startedAt]
      }),
    )
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-bench-'))
    stopped = await runUntil(8, 'SIGINT')
    await runUntil(cellCount / 2, 'SIGKILL')
    const program = new Rerankscope([
      'bench',
      demo,
      '--out',
      folder,
      '--p95',
      '60s',
      '--qps',
      '0.01',
    ])
    ended = await program.ended
    left.push(await program.remaining(5))
    bench = benchSchema.parse(JSON.parse(readFileSync(join(folder, 'bench.json'), 'utf8')))
  }, 800_000)
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  const cell = (target: string, name: string, round: number) =>
    join(folder, 'cells', target, `${name}-${String(round)}`)
  const row = (target: string) => bench.rows.find((one) => one.target === target)!

  test('goes on where it stopped, repeats nothing, and leaves no process behind', () => {
    expect(left).toEqual([[], [], []])
    const now = journal()
    for (const [at, before] of journals.entries()) {
      expect(now.startsWith(before)).toBe(true)
      expect(startsOf(now)).toMatchObject(startedAt[at]!)
    }
    expect(linesIn(journals[0]!)).toBeGreaterThanOrEqual(8)
    expect(linesIn(journals[1]!)).toBeGreaterThanOrEqual(cellCount / 2)
    expect(linesIn(journals[1]!)).toBeLessThan(cellCount)
    const ids = linesOf<{ id: string }>(join(folder, 'journal.ndjson')).map(({ id }) => id)
    expect(ids).toHaveLength(cellCount)
    expect(new Set(ids).size).toBe(cellCount)
  })

  test('one that was interrupted says that it is not complete, and how to go on', () => {
    expect(stopped.code).toBe(4)
    expect(stopped.stdout).toContain('NOT COMPLETE')
    expect(stopped.stderr).toContain('Stopped; the same command goes on from here.')
  })

  test('measures every cell that can be, and says why the others cannot', () => {
    expect(ended.stderr).not.toContain('bug')
    expect(bench.complete).toBe(true)
    expect(bench.cells.filter(({ state }) => state === 'failed')).toEqual([])
    const impossible = bench.cells.filter(({ state }) => state === 'not_possible')
    expect(new Set(impossible.map(({ target, test: name }) => `${target} ${name}`))).toEqual(
      new Set(['api cold-start', 'api memory']),
    )
    // On a busy machine the generator may not keep a schedule, and must say so.
    const invalid = bench.cells.filter(({ state }) => state === 'invalid')
    expect(ended.code).toBe(invalid.length > 0 ? 4 : 0)
  })

  test('fills every table and chart, and says that there is no GPU', () => {
    const markdown = readFileSync(join(folder, 'report.md'), 'utf8')
    const titles = [...markdown.matchAll(/^## (.*)$/gm)].map(([, title]) => title)
    expect(titles.slice(0, 8)).toEqual([
      'Memory',
      'Latency, one request at a time',
      'Throughput in pairs/s, 50 documents a request, sustained',
      'Utilisation, 8 requests on their way, sustained',
      'Quality on the labelled set',
      'Scores, 0 to 10',
      'Which for what',
      'What was asked for',
    ])
    expect(markdown).toContain('There is no GPU behind these figures')
    for (const target of ['embedded', 'tiny-bert', 'tiny-xlm-roberta']) {
      expect(row(target).source).toBe('emulated')
      expect(row(target).memory.of).toBe('process')
      expect(row(target).stability.utilizationPercent.mean!.median).toBeGreaterThan(20)
    }
    expect(bench.utilization.map(({ target }) => target)).toEqual([
      ...['embedded', 'tiny-bert', 'tiny-xlm-roberta'],
    ])
    expect(row('api')).toMatchObject({ device: null, memory: { of: null } })
    expect(row('api').network).toMatchObject({ by: 'handshake', seconds: { rounds: 2 } })
    const html = readFileSync(join(folder, 'report.html'), 'utf8')
    for (const id of ['chart-throughput-p95', 'chart-utilization', 'scores-chart']) {
      expect(html).toContain(`id="${id}"`)
    }
  })

  test.each(['embedded', 'tiny-bert', 'tiny-xlm-roberta', 'api'])(
    '%s: its figures are those that a reader computes from the observations',
    (target) => {
      const own = row(target)
      const over = (name: string, period = 0) =>
        rounds.map((round) => readingOf(cell(target, name, round), period))
      for (const documents of [10, 50] as const) {
        const read = over(`latency-${String(documents)}`).map(({ p95Seconds }) => p95Seconds)
        expect(own.latency[documents].p95Seconds!.median).toBeCloseTo(medianOf(read), 9)
        expect(own.latency[documents].p95Seconds!.max).toBeCloseTo(Math.max(...read), 9)
      }
      const loads = [
        ...([1, 4, 8] as const).map((batch) => ({
          figures: own.throughput[batch],
          read: over(`throughput-${String(batch)}`),
        })),
        { figures: own.profiles.low, read: over('low', 1 / 5) },
        { figures: own.profiles.high, read: over('high', 8 / 20) },
      ]
      for (const { figures, read } of loads) {
        const figureNames: readonly (keyof Reading)[] = [
          'p95Seconds',
          'pairsPerSecond',
          'queriesPerSecond',
          'tokensPerSecond',
        ]
        for (const name of figureNames) {
          const expected = medianOf(read.map((one) => one[name]))
          expect(figures[name]!.median / expected, name).toBeCloseTo(1, 9)
        }
      }
      const grades = rounds.map((round) => gradesOf(cell(target, 'quality', round)))
      expect(own.quality.ndcg10!.median).toBeCloseTo(medianOf(grades.map((one) => one.ndcg10)), 9)
      expect(own.quality.mrr!.median).toBeCloseTo(medianOf(grades.map((one) => one.mrr)), 9)
    },
  )

  test('memory under load is the most that a look saw, over the rounds', () => {
    const names = ['latency-10', 'latency-50', 'throughput-1', 'throughput-4', 'throughput-8']
    const peaks = rounds.map((round) =>
      Math.max(
        ...[...names, 'stability', 'low', 'high'].map((name) =>
          mostMemoryOf(cell('embedded', name, round)),
        ),
      ),
    )
    expect(row('embedded').memory.underLoadBytes!.median).toBeCloseTo(medianOf(peaks), 0)
  })

  test('the tables show these figures', () => {
    const markdown = readFileSync(join(folder, 'report.md'), 'utf8')
    const cellOf = (title: string, target: string, column: number) =>
      markdown
        .split(`## ${title}`)[1]!
        .split('\n')
        .find((line) => line.startsWith(`| ${target} `))!
        .split('|')
        .at(column + 1)!
        .trim()
        .split(' (')[0]
    for (const target of ['embedded', 'tiny-bert', 'tiny-xlm-roberta', 'api']) {
      const p95 = rounds.map((round) => readingOf(cell(target, 'latency-50', round)).p95Seconds)
      const pairs = rounds.map(
        (round) => readingOf(cell(target, 'throughput-8', round)).pairsPerSecond,
      )
      expect(cellOf('Latency', target, 2)).toBe(formatDuration(medianOf(p95)))
      expect(cellOf('Throughput', target, 3)).toBe(formatCount(medianOf(pairs)))
    }
  })

  test('a model that knows something ranks better than random weights', () => {
    const { ndcg10, chanceNdcg10 } = row('embedded').quality
    expect(ndcg10!.median).toBeGreaterThan(chanceNdcg10!.median + 0.2)
    expect(ndcg10!.median).toBeGreaterThan(row('tiny-bert').quality.ndcg10!.median)
  })

  test('the constraints are answered, and the embedded model’s scores compare in quality', () => {
    expect(bench.decision?.constraints).toEqual({ p95Seconds: 60, queriesPerSecond: 0.01 })
    expect(bench.decision?.targets.map(({ fits }) => fits)).toEqual(['met', 'met', 'met', 'met'])
    // Quality decides first: random weights are no choice, however fast.
    expect(bench.decision?.choice).not.toBeNull()
    const chosen = row(bench.decision!.choice!).quality
    expect(chosen.ndcg10!.median).toBeGreaterThan(chosen.chanceNdcg10!.median)
  })

  test('finished, it answers other questions without measuring anything', async () => {
    const before = journal()
    const again = new Rerankscope([
      ...['bench', demo, '--out', folder, '--max-memory', '0.000001', '--json'],
    ])
    const { code, stdout } = await again.ended
    expect(code).toBe(ended.code === 0 ? 99 : 4)
    expect(benchSchema.parse(JSON.parse(stdout)).decision?.choice).toBeNull()
    expect(journal()).toBe(before)
    const estimate = new Rerankscope(['bench', demo, '--out', folder, '--estimate'])
    expect((await estimate.ended).stdout).toContain(`0 of ${String(cellCount)} cells are left`)
  })
})
