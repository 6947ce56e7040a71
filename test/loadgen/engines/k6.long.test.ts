import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { compiledModule } from '../../../core/program.ts'
import { exitCodes } from '../../../core/errors.ts'
import { datasets } from '../../../loadgen/dataset/index.ts'
import { readK6Parts } from '../../../loadgen/engines/k6/parts.ts'
import { decodeK6Sample } from '../../../loadgen/engines/k6/samples.ts'
import { planFileOf, writePlan } from '../../../loadgen/plan/files.ts'
import { planOf } from '../../../loadgen/plan/plan.ts'
import { profiles, type Profile } from '../../../loadgen/plan/profiles.ts'
import { FixtureServer } from '../fixture-server.ts'
import { replayWith, steady } from '../replay.ts'
import { k6, k6Suite } from './k6-suite.ts'

const standIn = fileURLToPath(new URL('../../fixtures/bin/k6', import.meta.url))
const environment = process.env

describe('k6 (a stand-in for the program; the script is the real one)', () => {
  k6Suite(standIn)
})

test('the script imports nothing but modules of k6', () => {
  const script = readFileSync(compiledModule('loadgen/engines/k6/script.js'), 'utf8')
  const imported = [...script.matchAll(/^import .* from '([^']+)'/gm)].map(([, name]) => name)
  expect(imported.sort()).toEqual(['k6/data', 'k6/execution', 'k6/http', 'k6/metrics'])
  expect(script).not.toMatch(/\b(require|process|Buffer|performance)\b/)
})

test('the version is the program’s own', async () => {
  expect(await k6.find({ program: standIn, environment })).toMatchObject({
    name: 'k6',
    version: '2.3.0',
  })
})

test.each([
  [
    { program: '/nowhere/k6', environment },
    /^There is no \/nowhere\/k6: .*or name the program with --k6\.$/,
  ],
  [{ environment: { PATH: '/nowhere' } }, /^There is no k6 on PATH: brew install k6/],
  [
    { program: standIn, environment: { ...environment, FAKE_K6_VERSION: 'k6 v0.57.0 (go1.23)' } },
    /is k6 0\.57\.0, and k6 1\.0 or later is needed/,
  ],
  [
    { program: standIn, environment: { ...environment, FAKE_K6_VERSION: 'Python 3.11' } },
    /is not k6, and k6 1\.0 or later is needed/,
  ],
])('find %#: one sentence, exit code 3', async (options, message) => {
  await expect(k6.find(options)).rejects.toMatchObject({
    exitCode: exitCodes.environment,
    message: expect.stringMatching(message) as string,
  })
})

test('k6 that fails says why', async () => {
  process.env['FAKE_K6_FAILS'] = 'GoError: out of VUs'
  try {
    const replayed = replayWith(k6, 'http://127.0.0.1:9', {
      program: standIn,
      profile: steady(5),
      seconds: 1,
    })
    await expect(replayed).rejects.toMatchObject({
      exitCode: exitCodes.environment,
      message: 'k6 ended with 107: GoError: out of VUs',
    })
  } finally {
    delete process.env['FAKE_K6_FAILS']
  }
})

/** Whether a process of that id runs. */
const runs = (id: number): boolean => {
  try {
    return process.kill(id, 0)
  } catch {
    return false
  }
}

test.each([
  ['SIGTERM', {}, 1],
  ['SIGINT', {}, 1],
  // A second signal ends us at once, and with us a k6 that does not stop.
  ['SIGTERM', { FAKE_K6_STUBBORN: '1' }, 2],
] as const)('%s, with %o: k6 does not outlive us', async (signal, given, times) => {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-k6-signal-'))
  const server = await FixtureServer.start()
  const idFile = join(folder, 'id')
  let k6Id: number | undefined
  const words = ['load', '--target', server.url, '--engine', 'k6', '--k6', standIn]
  const ours = spawn(
    process.execPath,
    [compiledModule('cli.js'), ...words, '--seconds', '60', '--out', join(folder, 'run')],
    { env: { ...environment, TMPDIR: folder, FAKE_K6_PID: idFile, ...given }, stdio: 'ignore' },
  )
  try {
    const ended = once(ours, 'exit') as Promise<[number | null]>
    await expect
      .poll(() => existsSync(idFile) && server.arrivals.length > 6, { timeout: 20_000 })
      .toBe(true)
    k6Id = Number(readFileSync(idFile, 'utf8'))
    expect(runs(k6Id)).toBe(true)
    const id = k6Id
    ours.kill(signal)
    if (times === 2) {
      setTimeout(() => ours.kill(signal), 300)
    }
    expect(await ended).toEqual([times === 2 ? 130 : exitCodes.invalidRun, null])
    await expect.poll(() => runs(id), { timeout: 5000 }).toBe(false)
    expect(readdirSync(folder).sort()).toEqual(['id', 'run'])
  } finally {
    ours.kill('SIGKILL')
    // A k6 that did outlive us must not stay.
    if (k6Id !== undefined && runs(k6Id)) process.kill(k6Id, 'SIGKILL')
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('lines that are not ours are passed over, lines that were cut off are not', () => {
  expect(decodeK6Sample('{"metric":"vus","type":"Point","data":{"value":1}}')).toBeUndefined()
  expect(
    decodeK6Sample('{"type":"Metric","metric":"rerankscope_ok","data":{"type":"rate"}}'),
  ).toBeUndefined()
  expect(
    decodeK6Sample('{"metric":"rerankscope_start","type":"Point","data":{"value":1764000000500}}'),
  ).toEqual({ kind: 'start', unixSeconds: 1764000000.5 })
  expect(() => decodeK6Sample('{"metric":"rerankscope_observation","ty')).toThrow(
    'not a whole line of k6’s JSON output',
  )
})

test('three machines: their segments add up to the plan, nothing twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-segments-'))
  const server = await FixtureServer.start()
  try {
    const profile: Profile = {
      ...profiles[1],
      arrivals: { kind: 'constant', queriesPerSecond: 160 },
      shapes: { documents: [3] },
    }
    const dataset = await datasets[0]!.load({ seed: 1, queries: 500 })
    const plan = planOf(profile, { seconds: 0.5, seed: 1, dataset })
    const bodies = { 3: ['{"query":', 0, ',"texts":[', 1, ',', 2, ',', 3, ']}'] }
    const wire = { dialect: 'tei', path: '/rerank', headers: {}, bodies }
    await writePlan(folder, plan, planFileOf(plan, wire))
    const startAt = String(Date.now() / 1000 + 2)
    const parts = [1, 2, 3].map((part) => join(folder, `part${String(part)}.json`))
    const program = promisify(execFile)
    await Promise.all(
      parts.map((file, part) =>
        program(
          standIn,
          [
            ...['run', '--out', `json=${file}`, '-e', `RERANKSCOPE_PLAN=${folder}`],
            ...['-e', `RERANKSCOPE_TARGET=${server.url}`, '-e', `RERANKSCOPE_START_AT=${startAt}`],
            ...['--execution-segment', `${String(part)}/3:${String(part + 1)}/3`],
            compiledModule('loadgen/engines/k6/script.js'),
          ],
          { env: environment },
        ),
      ),
    )
    const everyIndex = [...Array(80).keys()]
    const arrived = server.arrivals.map(({ traceparent }) =>
      Number.parseInt(traceparent!.slice(19, 35), 16),
    )
    expect(arrived.sort((a, b) => a - b)).toEqual(everyIndex)

    const merge = (files: readonly string[]) =>
      readK6Parts(files, { items: plan.items, judge: () => ({ outcome: 'ok' }) })
    const whole = await merge(parts)
    expect(whole.observations.map(({ index }) => index)).toEqual(everyIndex)
    expect(whole.missing).toBe(0)
    expect(whole.startUnixSeconds).toBeCloseTo(Number(startAt), 2)
    expect((await merge(parts.slice(1))).missing).toBe(30)

    const refused = (files: readonly string[], message: RegExp) =>
      expect(merge(files)).rejects.toMatchObject({
        exitCode: exitCodes.usage,
        message: expect.stringMatching(message) as string,
      })
    await refused(
      [...parts, parts[1]!],
      /^Request \d+ is in .*part2\.json and in .*part2\.json: each machine must have a segment of its own\.$/,
    )
    const text = readFileSync(parts[0]!, 'utf8')
    const spoilt = join(folder, 'spoilt.json')
    writeFileSync(spoilt, text.slice(0, text.lastIndexOf('"rerankscope_observation"') + 40))
    await refused(
      [spoilt],
      /spoilt\.json line \d+ cannot be read: not a whole line of k6’s JSON output\.$/,
    )
    writeFileSync(spoilt, text.replace(/("metric":"rerankscope_start".*"value":)\d+/, '$11'))
    await refused([spoilt, parts[1]!], /^The machines began up to .* RERANKSCOPE_START_AT\.$/)
    await refused([join(folder, 'none.json')], /none\.json cannot be read: there is no such file/)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})

test('the TestRun has a virtual user for every machine, and sets what the script reads', () => {
  const file = new URL('../../../deploy/k6-operator/testrun.yaml', import.meta.url)
  const { kind, spec } = parse(readFileSync(file, 'utf8')) as {
    kind: string
    spec: { parallelism: number; runner: { env: { name: string; value?: string }[] } }
  }
  expect(kind).toBe('TestRun')
  const set = new Map(spec.runner.env.map(({ name, value }) => [name, value]))
  expect(Number(set.get('RERANKSCOPE_VUS'))).toBeGreaterThanOrEqual(spec.parallelism)
  const script = readFileSync(compiledModule('loadgen/engines/k6/script.js'), 'utf8')
  const ours = [...set.keys()].filter((name) => name.startsWith('RERANKSCOPE_'))
  expect(ours).toHaveLength(4)
  for (const name of ours)
    expect(script).toContain(`setting('${name.slice('RERANKSCOPE_'.length)}')`)
})
