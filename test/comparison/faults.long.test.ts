import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { benchSchema, type Bench } from '../../comparison/index.ts'
import { Rerankscope, type Ended } from '../system/processes.ts'
import { ScoringServer } from './scoring-server.ts'

const key = 'a-key-that-nobody-may-see'

/** By target, the number of the question from which on it misbehaves: two questions come before the tests. */
const servers = {
  good: () => ScoringServer.start({ delaySeconds: () => 0.01, key }),
  dies: () => ScoringServer.start({ delaySeconds: () => 0.02, diesAt: 30 }),
  slow: () => ScoringServer.start({ delaySeconds: (count) => (count > 2 ? 60 : 0) }),
  'slow-at-once': () => ScoringServer.start({ delaySeconds: () => 60 }),
  refuses: () => ScoringServer.start({ status: (count) => (count > 2 ? 429 : 200) }),
  'some-fail': () =>
    ScoringServer.start({
      delaySeconds: () => 0.01,
      status: (count) => (count > 10 && count % 3 === 0 ? 500 : 200),
    }),
  constant: () => ScoringServer.start({ scoreOf: () => 0.5 }),
  dice: () => ScoringServer.start({ scoreOf: () => Math.random() }),
  'no-number': () => ScoringServer.start({ scoreOf: () => NaN }),
} as const

describe('targets that die, are slow or lie', () => {
  let folder: string
  let ended: Ended
  let bench: Bench
  let running: readonly ScoringServer[]

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-faults-'))
    const started = await Promise.all(
      Object.entries(servers).map(async ([name, start]) => ({ name, server: await start() })),
    )
    running = started.map(({ server }) => server)
    const gone = await ScoringServer.start()
    gone.stop()
    const matrix = {
      ...{ name: 'faults', rounds: 1, seconds: 1, queries: 30, timeoutSeconds: 1 },
      tests: ['cold-start', 'latency-10', 'throughput-4'],
      targets: [
        ...started.map(({ name, server }) => ({
          ...{ name, url: server.url, dialect: 'tei' },
          ...(name === 'good' && { apiKeyEnvironment: 'BENCH_TEST_KEY' }),
        })),
        { name: 'not-there', url: gone.url, dialect: 'tei' },
        { name: 'no-model', serve: { model: 'no-such-model' } },
        { name: 'ours', serve: { model: 'embedded' } },
      ],
    }
    writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify(matrix))
    const program = new Rerankscope(
      ['bench', join(folder, 'matrix.yaml'), '--out', join(folder, 'out'), '--p95', '10s'],
      { BENCH_TEST_KEY: key },
    )
    ended = await program.ended
    expect(await program.remaining(5)).toEqual([])
    bench = benchSchema.parse(JSON.parse(readFileSync(join(folder, 'out/bench.json'), 'utf8')))
  }, 300_000)
  afterAll(() => {
    for (const server of running) server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const stateOf = (target: string, name: string) =>
    bench.cells.find((cell) => cell.target === target && cell.test === name)!
  const reasonsOf = (target: string) =>
    bench.rows.find((row) => row.target === target)!.reasons.join('\n')

  test('every cell has an end, and the exit code says that some failed', () => {
    expect(ended.stderr).not.toContain('bug')
    expect(bench.complete).toBe(true)
    expect(bench.cells.filter(({ state }) => state === 'pending')).toEqual([])
    expect(ended.code).toBe(4)
  })

  test.each(['good', 'ours'])('%s is measured all the same', (target) => {
    expect(stateOf(target, 'latency-10').state).toBe('measured')
    expect(stateOf(target, 'throughput-4').state).toBe('measured')
    const row = bench.rows.find((one) => one.target === target)!
    expect(row.latency[10].p95Seconds!.median).toBeGreaterThan(0)
    expect(row.throughput[4].pairsPerSecond!.median).toBeGreaterThan(0)
  })

  test('what cannot be is no failure', () => {
    expect(stateOf('good', 'cold-start')).toMatchObject({
      state: 'not_possible',
      reason: 'it runs elsewhere, so its start cannot be seen',
    })
    expect(stateOf('ours', 'cold-start').state).toBe('measured')
  })

  test.each([
    [
      'dies',
      /requests failed \((connect_error|connection_lost)|does not answer|no request succeeded/,
    ],
    ['slow', /no request succeeded \(timeout\)/],
    ['slow-at-once', /did not answer a question: .*timeout/],
    ['refuses', /no request succeeded \(rejected_429\)/],
    ['some-fail', /\d+ of \d+ requests failed \(server_error_5xx\)/],
    ['constant', /gives every document the same score \(0\.5\): it does not read them/],
    ['dice', /two scores that are 0\.\d+ apart when the order of the documents changed/],
    ['no-number', /did not answer a question/],
    ['not-there', /does not answer \(ECONNREFUSED\)/],
    ['no-model', /did not start: .*There is no model "no-such-model"/],
  ])('%s is a row with a reason, without figures', (target, reason) => {
    expect(reasonsOf(target)).toMatch(reason)
    expect(stateOf(target, 'throughput-4').state).toBe('failed')
    const row = bench.rows.find((one) => one.target === target)!
    expect(row.throughput[4].pairsPerSecond).toBeNull()
    expect(ended.stdout).toContain(`| ${target} `)
  })

  test('the tests after one that gave nothing are not tried', () => {
    expect(stateOf('refuses', 'throughput-4').reason).toMatch(
      /^not tried, because latency-10 had failed: no request succeeded/,
    )
  })

  test('the decision is made among those that are known', () => {
    const fits = bench.decision!.targets.filter((one) => one.fits === 'met')
    // There is no latency-50 in this matrix: nothing is known to fit.
    expect(fits).toEqual([])
    expect(bench.decision!.choice).toBeNull()
  })

  test('the key stands in no file and on no screen', () => {
    const files = readdirSync(join(folder, 'out'), { recursive: true, withFileTypes: true })
    const texts = files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
    expect(texts.length).toBeGreaterThan(10)
    expect([...texts, ended.stdout, ended.stderr].filter((text) => text.includes(key))).toEqual([])
  })
})

test('a key that is not set is refused before anything is measured', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-key-'))
  const targets = [{ name: 'api', url: 'http://127.0.0.1:9', apiKeyEnvironment: 'NOT_SET_AT_ALL' }]
  writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify({ targets }))
  const program = new Rerankscope([
    ...['bench', join(folder, 'matrix.yaml'), '--out', join(folder, 'out')],
  ])
  const { code, stderr } = await program.ended
  expect(code).toBe(2)
  expect(stderr).toContain('The target api takes its key from NOT_SET_AT_ALL, which is not set.')
  rmSync(folder, { recursive: true, force: true })
})
