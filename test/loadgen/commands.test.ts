import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Command, CommandContext } from '../../commands/command.ts'
import { compare } from '../../commands/compare.ts'
import { load } from '../../commands/load.ts'
import { report } from '../../commands/report.ts'
import { exitCodes } from '../../core/errors.ts'
import { compiledModule } from '../../core/program.ts'
import { sloGrammar, summarySchema } from '../../loadgen/index.ts'
import { FixtureServer } from './fixture-server.ts'

let folder: string
let server: FixtureServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-command-'))
  server = await FixtureServer.start({ latencySeconds: 0.02 })
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

/** A command with its defaults, `given` over them; what it prints and its exit code. */
async function run(
  command: Command,
  given: Record<string, unknown>,
  { signal, environment = {} }: Partial<CommandContext> = {},
) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const defaults = Object.entries(command.options).map(([name, option]) => [
    name,
    option.default as unknown,
  ])
  const code = await command.run(
    { ...Object.fromEntries(defaults), ...given, positional: given } as never,
    {
      signal: signal ?? new AbortController().signal,
      stdout: stdout as unknown as CommandContext['stdout'],
      stderr: stderr as unknown as CommandContext['stderr'],
      environment,
      version: '0.0.0',
    },
  )
  const text = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '')
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

/** Beside other tests the generator may be late, and then must say so: the verdict has its own tests. */
function unlessInvalid(out: string, code: number): number {
  const text = readFileSync(join(out, 'run.json'), 'utf8')
  return summarySchema.parse(JSON.parse(text)).validity.valid ? code : exitCodes.invalidRun
}

test('load prints the table and where the report is, and progress beside it', async () => {
  const out = join(folder, 'run')
  const { code, stdout, stderr } = await run(load, { target: server.url, seconds: 2, out })
  expect(code).toBe(unlessInvalid(out, exitCodes.done))
  expect(stdout).toMatch(/requests\s+│ 10 ok, 0 failed/)
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(join(out, 'report.html'))
  expect(stderr.trimEnd().split('\n')).toHaveLength(2)
  expect(stderr).toMatch(/^low {4}1 s of 2 s {2}5\/s offered, 5(\.00)?\/s achieved/)

  const again = await run(report, { folders: [out], format: 'json' })
  expect(summarySchema.parse(JSON.parse(again.stdout)).totals.succeeded).toBe(10)
  const page = join(folder, 'page.html')
  expect(await run(report, { folders: [out, out], format: 'html', out: page })).toMatchObject({
    code: exitCodes.done,
    stdout: '',
  })
  expect(readFileSync(page, 'utf8').slice(0, 15)).toBe('<!doctype html>')
})

test('load --json prints run.json alone', async () => {
  const { stdout } = await run(load, {
    target: server.url,
    seconds: 1,
    out: join(folder, 'run'),
    json: true,
  })
  expect(summarySchema.parse(JSON.parse(stdout)).totals.requests).toBe(5)
})

test.each([
  ['p95=10s', exitCodes.done],
  ['p50=1ms', exitCodes.slo],
  ['p95=10s,errors=0%,rate=90%,service.max=10s', exitCodes.done],
  // Too few samples for p99: what is not known is not met.
  ['p99=10s', exitCodes.slo],
])('load --slo %s exits %d', async (slo, code) => {
  const out = join(folder, 'run')
  const ended = await run(load, { target: server.url, seconds: 1, out, slo: [slo] })
  expect(ended.code).toBe(unlessInvalid(out, code))
  // Read again, the same thresholds count again, unless others are given.
  const read = (given: object) => run(report, { folders: [out], format: 'junit', ...given })
  expect((await read({ slo: [slo] })).code).toBe(unlessInvalid(out, code))
  expect((await read({})).code).toBe(exitCodes.done)
  expect((await read({})).stdout.includes('<failure') || code === exitCodes.done).toBe(true)
})

test('an interrupted run exits 4', async () => {
  const controller = new AbortController()
  setTimeout(() => {
    controller.abort()
  }, 1000)
  const given = { target: server.url, seconds: 60, out: join(folder, 'run') }
  expect(await run(load, given, { signal: controller.signal })).toMatchObject({
    code: exitCodes.invalidRun,
  })
})

test.each([
  [{ seconds: -1 }, '--seconds must be a number of seconds above 0.'],
  [{ timeout: Number.NaN }, '--timeout must be a number of seconds above 0.'],
  [{ seed: 1.5 }, '--seed must be a whole number.'],
  [
    { slo: ['p95<1s'] },
    `--slo p95<1s is not a list of thresholds, each once: write ${sloGrammar}.`,
  ],
])('load %o is wrong usage', async (given, message) => {
  await expect(
    run(load, { target: server.url, out: join(folder, 'run'), ...given }),
  ).rejects.toMatchObject({
    exitCode: exitCodes.usage,
    message,
  })
})

test('compare --targets takes turns, writes a run for each, and says what it saw', async () => {
  const slow = await FixtureServer.start({ latencySeconds: 0.08 })
  const runs = join(folder, 'turns')
  const given = { targets: [server.url, slow.url], seconds: 4, rounds: 2, runs }
  const { stdout } = await run(compare, { ...given, folders: [] })
  await slow.stop()
  expect(readdirSync(runs).sort()).toEqual(['a-1', 'a-2', 'b-1', 'b-2'])
  // Half of one server's requests and half of the other's: the same texts.
  const queries = (fixture: FixtureServer) => fixture.arrivals.map(({ query }) => query)
  expect(queries(slow)).toEqual(queries(server))
  expect(stdout).toContain(`${slow.url} against ${server.url}`)
  expect(stdout).toMatch(/│ p50 .* │ \+[56]\d\.\d ms/)
  const folders = ['a-1', 'b-1'].map((name) => join(runs, name))
  const json = await run(compare, { folders, json: true })
  expect(JSON.parse(json.stdout)).toMatchObject({ schema: 'rerankscope.comparison/1' })
  expect(json.code).toBe(exitCodes.done)
})

test.each([
  [{ folders: [] }, 'Name two run folders or more, or two targets with --targets.'],
  [
    { folders: ['x'], targets: ['http://a', 'http://b'] },
    '--targets takes two URLs, and no run folders beside them.',
  ],
  [
    { folders: [], targets: ['http://a', 'http://b'], rounds: 0.5 },
    '--rounds must be a whole number from 1 to 1000.',
  ],
])('compare %o is wrong usage', async (given, message) => {
  await expect(run(compare, given)).rejects.toMatchObject({ exitCode: exitCodes.usage, message })
})

test('report: an --out that cannot be written, a folder that is no run', async () => {
  const out = join(folder, 'run')
  await run(load, { target: server.url, seconds: 0.2, out })
  await expect(run(report, { folders: [out], out: folder })).rejects.toMatchObject({
    exitCode: exitCodes.environment,
    message: expect.stringMatching(/^--out .* cannot be written: it is a folder/) as string,
  })
  await expect(run(report, { folders: [folder] })).rejects.toMatchObject({
    exitCode: exitCodes.usage,
    message: `${folder} is not a run folder: it holds no run.json. Name those in it: ${out}.`,
  })
})

describe('k6 (a stand-in for the program; the script is the real one)', () => {
  const k6 = fileURLToPath(new URL('../fixtures/bin/k6', import.meta.url))

  test('load --engine both: a folder an engine, and the verdict of compare-engines', async () => {
    const out = join(folder, 'both')
    const given = { target: server.url, engine: 'both', k6, seconds: 2, out, json: true }
    const { code, stdout } = await run(load, given, { environment: process.env })
    const told = JSON.parse(stdout) as { agree: boolean; sentences: string[]; runs: unknown[] }
    const runs = told.runs.map((one) => summarySchema.parse(one))
    expect(readdirSync(out).sort()).toEqual(['autocannon', 'k6'])
    expect(runs.map(({ engine, totals }) => [engine.name, totals.succeeded])).toEqual([
      ['autocannon', 10],
      ['k6', 10],
    ])
    expect(told.sentences).toEqual([
      expect.stringMatching(
        told.agree ? /^autocannon and k6 agree: / : /^autocannon and k6 do not agree: /,
      ),
    ])
    const fine = told.agree && runs.every(({ validity }) => validity.valid)
    expect(code).toBe(fine ? exitCodes.done : exitCodes.invalidRun)
    const text = await run(
      load,
      { ...given, json: false, seconds: 0.4, force: true },
      { environment: process.env },
    )
    expect(text.stdout).toMatch(/│ low, autocannon\s+│ low, k6\s+│/)
    expect(text.stdout.trimEnd().split('\n').at(-1)).toMatch(
      /^autocannon and k6 (agree|do not agree): /,
    )
    const items = (engine: string) => readFileSync(join(out, engine, 'items.ndjson'), 'utf8')
    expect(items('k6')).toBe(items('autocannon'))
  })

  test('load --engine both without k6: before anything is sent', async () => {
    const out = join(folder, 'both')
    await expect(
      run(load, { target: server.url, engine: 'both', k6: '/nowhere/k6', out }),
    ).rejects.toMatchObject({ exitCode: exitCodes.environment })
    expect(server.arrivals).toEqual([])
    await expect(
      run(load, { target: server.url, engine: 'both', mode: 'saturate', k6, out }),
    ).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      message: '--mode saturate is the autocannon engine’s alone: leave --engine both out.',
    })
  })

  test('report --k6: the files of two machines are one run, which --save keeps', async () => {
    const plan = join(folder, 'plan')
    await run(load, { target: server.url, seconds: 2, out: plan })
    server.arrivals.length = 0
    const startAt = String(Date.now() / 1000 + 2)
    const files = ['1', '2'].map((part) => join(folder, `part-${part}.json`))
    await Promise.all(
      files.map((file, part) =>
        promisify(execFile)(
          k6,
          [
            ...['run', '--out', `json=${file}`, '-e', `RERANKSCOPE_PLAN=${plan}`],
            ...['-e', `RERANKSCOPE_TARGET=${server.url}`, '-e', 'RERANKSCOPE_VUS=2'],
            ...['-e', `RERANKSCOPE_START_AT=${startAt}`],
            ...['--execution-segment', `${String(part)}/2:${String(part + 1)}/2`],
            compiledModule('loadgen/engines/k6/script.js'),
          ],
          { env: process.env },
        ),
      ),
    )
    const whole = join(folder, 'whole')
    const given = { folders: [plan], k6: files, save: whole, json: true, slo: ['errors=0%'] }
    const { code, stdout } = await run(report, given)
    const summary = summarySchema.parse(JSON.parse(stdout))
    expect(summary).toMatchObject({
      target: { url: server.url, dialect: 'tei' },
      engine: { name: 'k6', delayedByLimit: 0 },
      totals: { planned: 10, requests: 10, succeeded: 10, unsent: 0 },
      slo: [{ figure: 'errors', measured: 0, met: true }],
    })
    expect(Date.parse(summary.startedAt) / 1000).toBeCloseTo(Number(startAt), 1)
    expect(summary.notes.at(-1)).toBe(
      `read from the samples of k6, 2 files; target and data set are those of the run in ${plan}`,
    )
    expect(server.arrivals).toHaveLength(10)
    expect(code).toBe(unlessInvalid(whole, exitCodes.done))
    const kept = await run(report, { folders: [whole], json: true })
    expect(JSON.parse(kept.stdout)).toMatchObject({ totals: { succeeded: 10 } })

    // One machine's file alone: what the other should have sent was not.
    const half = await run(report, { folders: [plan], k6: files.slice(1), slo: ['errors=0%'] })
    expect(half.code).toBe(exitCodes.invalidRun)
    expect(half.stdout).toContain('of 10 requests 5 were never sent')
  })

  test.each([
    [
      { folders: ['a', 'b'], k6: ['x'] },
      '--k6 takes one folder, that of the plan, and goes without --merge.',
    ],
    [
      { folders: [], save: 'x' },
      '--save belongs to --merge or --k6: every other run has its folder.',
    ],
  ])('report %o is wrong usage', async (given, message) => {
    await expect(run(report, given)).rejects.toMatchObject({ exitCode: exitCodes.usage, message })
  })
})
