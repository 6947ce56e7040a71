import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exitCodes } from '../../core/errors.ts'
import { readRun, runLoad, summarySchema, type RunOptions } from '../../loadgen/index.ts'
import { FakeSidecar } from './fake-sidecar.ts'
import { FixtureServer, type FixtureOptions } from './fixture-server.ts'

let folder: string
let server: FixtureServer | undefined
let sidecar: FakeSidecar | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-run-'))
})
afterEach(async () => {
  await server?.stop()
  await sidecar?.stop()
  server = sidecar = undefined
  rmSync(folder, { recursive: true })
})

const signal = new AbortController().signal
async function load(
  options: Partial<RunOptions> = {},
  fixture: FixtureOptions = {},
  context: Partial<Parameters<typeof runLoad>[1]> = {},
) {
  server ??= await FixtureServer.start(fixture)
  return runLoad(
    { target: server.url, profile: 'low', seconds: 2, out: join(folder, 'run'), ...options },
    { signal, ...context },
  )
}

test('a run folder: plan, items, observations, telemetry, run.json by its schema, report', async () => {
  sidecar = await FakeSidecar.start(0.5)
  const { summary } = await load({ sidecar: sidecar.url }, { latencySeconds: 0.02 })
  expect(readdirSync(join(folder, 'run')).sort()).toEqual([
    'items.ndjson',
    'observations.ndjson',
    'plan.json',
    'report.html',
    'run.json',
    'telemetry.ndjson',
    'texts.ndjson',
  ])
  const written = JSON.parse(readFileSync(join(folder, 'run', 'run.json'), 'utf8')) as unknown
  expect(summarySchema.parse(written)).toEqual(summary)
  expect(summary).toMatchObject({
    target: { url: server!.url, dialect: 'tei', server: 'tei', model: 'fixture' },
    profile: { name: 'low', seconds: 2, seed: 1, documentsPerQuery: [10, 50] },
    engine: { name: 'autocannon', version: '9.0.0', warmUp: { requests: 5, succeeded: 5 } },
    totals: { planned: 10, requests: 10, succeeded: 10, failed: 0, pairs: 300 },
    throughput: { queriesPerSecond: expect.closeTo(5, 1) as number },
    gpu: { source: 'nvidia-smi', devices: [{ uuid: 'GPU-fake', memoryUsedBytes: { mean: 4e9 } }] },
    guidance: { state: 'waste' },
  })
  expect(summary.gpu?.devices[0]?.utilizationPercent.mean).toBeCloseTo(50, 6)
  expect(summary.efficiency.pairsPerSecondPerGb).toBeCloseTo(
    summary.throughput.pairsPerSecond / 4,
    6,
  )
  expect(summary.guidance.reasons).toContainEqual(expect.stringContaining('3 pairs wait'))
})

test('read again, the figures are the same', async () => {
  const { summary } = await load()
  const again = await readRun(join(folder, 'run'))
  // Observations are written to the microsecond.
  expect(again.summary.latencySeconds.response.p95).toBeCloseTo(
    summary.latencySeconds.response.p95!,
    5,
  )
  expect({ ...again.summary, ...measuredOf(summary) }).toEqual(summary)
})
const measuredOf = ({
  validity,
  latencySeconds,
  byShape,
  byShapeAndLength,
  throughput,
  series,
}: Awaited<ReturnType<typeof load>>['summary']) => ({
  validity,
  latencySeconds,
  byShape,
  byShapeAndLength,
  throughput,
  series,
})

test('the traces of a run share a prefix that run.json names', async () => {
  const { summary } = await load()
  const ids = server!.arrivals.slice(5).map(({ traceparent }) => traceparent?.split('-')[1])
  expect(ids).toEqual(
    [...Array(10).keys()].map(
      (index) => `${String(summary.engine.traceIdPrefix)}${index.toString(16).padStart(16, '0')}`,
    ),
  )
})

test('credentials of the target reach the target and no file', async () => {
  server = await FixtureServer.start()
  const target = server.url.replace('http://', 'http://someone:s3cret@')
  await load({ target })
  expect(
    server.arrivals.every(
      ({ authorization }) => authorization === `Basic ${btoa('someone:s3cret')}`,
    ),
  ).toBe(true)
  for (const name of readdirSync(join(folder, 'run'))) {
    const text = readFileSync(join(folder, 'run', name), 'utf8')
    expect(text).not.toContain('s3cret')
    expect(text).not.toContain(btoa('someone:s3cret'))
  }
})

test('progress is told once a second', async () => {
  const seen: number[] = []
  await load(
    { seconds: 3 },
    {},
    {
      onProgress: ({ sent, achievedRate, failed }) => {
        seen.push(sent)
        expect(achievedRate).toBeCloseTo(5, 6)
        expect(failed).toBe(0)
      },
    },
  )
  expect(seen).toEqual([4, 9, 14])
})

test('interrupted: what was measured is written, marked INVALID', async () => {
  const controller = new AbortController()
  const { summary } = await load(
    { seconds: 60 },
    {},
    {
      signal: controller.signal,
      onProgress: () => {
        controller.abort()
      },
    },
  )
  expect(summary.validity.valid).toBe(false)
  expect(summary.validity.reasons[0]).toBe(
    'the run was interrupted: of 300 requests 296 were never sent and 0 were given up unanswered',
  )
  expect(summary.totals).toMatchObject({ planned: 300, requests: 4, unsent: 296 })
  expect(readdirSync(join(folder, 'run'))).toContain('report.html')
})

test('interrupted before the first request: an empty run, INVALID', async () => {
  const controller = new AbortController()
  // The warm-up is on its way.
  const behaviourOf = () => {
    controller.abort()
    return 'silence' as const
  }
  const { summary } = await load({}, { behaviourOf }, { signal: controller.signal })
  expect(summary.totals).toMatchObject({ requests: 0, unsent: 10 })
  expect(summary.validity.reasons).toContain('no request was sent')
})

test('interrupted while the target is asked what it is: at once, and no run', async () => {
  const controller = new AbortController()
  server = await FixtureServer.start({ info: 'silence' })
  const ended = load({}, {}, { signal: controller.signal }).catch((error: unknown) => error)
  await expect.poll(() => server!.infoRequests).toBe(1)
  const began = performance.now()
  controller.abort()
  expect(await ended).toMatchObject({
    exitCode: exitCodes.invalidRun,
    message: 'Interrupted before anything was sent; there is no run.',
  })
  expect(performance.now() - began).toBeLessThan(2000)
  expect(readdirSync(folder)).toEqual([])
})

test('the credential of the sidecar reaches the sidecar and no file', async () => {
  sidecar = await FakeSidecar.start(0.5)
  const url = sidecar.url.replace('http://', 'http://someone:s3cret@')
  const { summary } = await load({ sidecar: url, seconds: 1 })
  expect(sidecar.authorization).toBe(`Basic ${btoa('someone:s3cret')}`)
  expect(summary.sidecar?.url).toBe(sidecar.url)
})

test.each(['<!doctype html>\n<html>\n', '{"schema":"other"}', 'null', 'a'.repeat(5_000_000)])(
  'a sidecar that is none is said to be none, in one line (%#)',
  async (answer) => {
    sidecar = await FakeSidecar.start(0.5)
    sidecar.answer = answer
    const { summary } = await load({ sidecar: sidecar.url, seconds: 0.2 })
    expect(summary.sidecar?.reason).toBe('its answer is not a snapshot of rerankscope')
  },
)

test('a sidecar that is not there is said before the run, which goes on', async () => {
  const fake = await FakeSidecar.start(0.5)
  const { url } = fake
  await fake.stop()
  const said: string[] = []
  const { summary } = await load(
    { sidecar: url, seconds: 1 },
    {},
    { onTrouble: (sentence) => said.push(sentence) },
  )
  expect(said).toEqual([
    `the sidecar at ${url} gives no figures (ECONNREFUSED): the run goes on without those of the GPU.`,
  ])
  expect(summary.totals.failed).toBe(0)
  expect(summary.guidance.recommendation).toBe(
    'Start `rerankscope sidecar` beside the target, or correct --sidecar.',
  )
})

test('a sidecar that stops answering half-way costs its figures, not the run', async () => {
  sidecar = await FakeSidecar.start(0.5)
  const fake = sidecar
  const { summary } = await load(
    { sidecar: sidecar.url, seconds: 4 },
    {},
    {
      onProgress: () => {
        fake.broken = true
      },
    },
  )
  expect(summary.totals.failed).toBe(0)
  expect(summary.gpu).toBeNull()
  expect(summary.notes).toContainEqual(
    expect.stringMatching(/^the sidecar did not answer \d+ times: status 503$/),
  )
})

describe('refused with one sentence', () => {
  const refused = (options: Partial<RunOptions>, fixture?: FixtureOptions) =>
    load(options, fixture).then(
      () => undefined,
      (error: unknown) => error,
    )

  test('an unreachable target', async () => {
    server = await FixtureServer.start()
    const { url } = server
    await server.stop()
    expect(await refused({ target: url })).toMatchObject({
      exitCode: exitCodes.environment,
      message: `${url} does not answer (ECONNREFUSED); check the address and that the reranker runs.`,
    })
    expect(readdirSync(folder)).toEqual([])
  })

  test('a target that tells everybody what it is, and ranks for nobody without a key', async () => {
    expect(await refused({}, { behaviourOf: () => 'no-key' })).toMatchObject({
      exitCode: exitCodes.environment,
      message: `${server?.url ?? ''} wants a key, or another one (401); put it into RERANKSCOPE_API_KEY or a file for --api-key-file.`,
    })
  })

  test('a target that takes fewer documents', async () => {
    expect(await refused({ profile: 'high' }, { maximumDocuments: 32 })).toMatchObject({
      exitCode: exitCodes.environment,
      message: expect.stringMatching(
        /takes at most 32 documents a request, and this profile sends 50; raise the server's limit/,
      ) as string,
    })
  })

  test('a target of no known dialect', async () => {
    const error = await refused({}, { info: { status: 404, body: 'Not found' } })
    expect(error).toMatchObject({
      exitCode: exitCodes.environment,
      message: expect.stringMatching(/answers, but not as a server of a known dialect/) as string,
    })
  })

  test('a target that says endlessly what it is', async () => {
    const error = await refused({}, { info: 'endless' })
    expect(error).toMatchObject({
      exitCode: exitCodes.environment,
      message: expect.stringMatching(/answers, but not as a server of a known dialect/) as string,
    })
  })

  test('but with the dialect named, it is loaded', async () => {
    const run = await load({ dialect: 'tei', seconds: 0.4 }, { info: { status: 404, body: '' } })
    expect(run.summary.target).toMatchObject({ dialect: 'tei', server: null, model: null })
    expect(run.summary.totals.succeeded).toBe(2)
  })

  test('a folder that is not empty, unless forced', async () => {
    writeFileSync(join(folder, 'mine'), 'x')
    expect(await refused({ out: folder })).toMatchObject({
      exitCode: exitCodes.usage,
      message: `--out ${folder} is not empty; name another folder, or --force to overwrite the run in it.`,
    })
    await load({ out: folder, force: true, seconds: 0.2 })
    expect(readdirSync(folder)).toContain('run.json')
  })

  test.each(['texts.ndjson', 'observations.ndjson'])(
    'a folder that does not take %s, and no figures of an earlier run stay in it',
    async (name) => {
      await load({ out: folder, seconds: 0.2 })
      rmSync(join(folder, name))
      mkdirSync(join(folder, name))
      expect(await refused({ out: folder, force: true, seconds: 0.2 })).toMatchObject({
        exitCode: exitCodes.environment,
        message: expect.stringMatching(
          /^--out .* cannot be written, and the run in it is not whole: it is a folder\.$/,
        ) as string,
      })
      expect(readdirSync(folder)).not.toContain('run.json')
    },
  )

  test.each([
    [
      { target: 'localhost:8080' },
      '--target must start with http:// or https://, not localhost://.',
    ],
    [{ target: 'nonsense' }, '--target must be a URL such as http://127.0.0.1:8080.'],
    [{ sidecar: 'nonsense' }, '--sidecar must be a URL such as http://127.0.0.1:8080.'],
    [{ profile: 'huge' }, 'There is no profile huge; choose from low, high, t2-natural, grid.'],
    [{ engine: 'wrk' }, /^There is no engine wrk; choose from autocannon/],
    [{ dialect: 'morse' }, /^There is no dialect morse; choose from auto, tei/],
    [
      { dataset: 'novel' },
      /^--dataset novel cannot be used: there is no such file or folder\. Choose synthetic, or name a file or folder\.$/,
    ],
    [{ seconds: 0 }, '--seconds must be more than 0.'],
    [
      { seconds: 1e9 },
      'The schedule may last 43200 s at most, for the whole plan and every observation stay in memory; choose fewer --seconds.',
    ],
  ])('%o', async (options, message) => {
    expect(await refused(options)).toMatchObject({
      exitCode: exitCodes.usage,
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    })
  })
})

test('without its telemetry, the GPU figures of run.json stand', async () => {
  sidecar = await FakeSidecar.start(0.5)
  const { summary } = await load({ sidecar: sidecar.url })
  rmSync(join(folder, 'run', 'telemetry.ndjson'))
  const again = await readRun(join(folder, 'run'))
  expect(again.summary).toEqual(summary)
  expect(again.summary.gpu?.devices[0]?.utilizationPercent.mean).toBeCloseTo(50, 6)
})

test('telemetry of another shape costs its lines, which are counted, not the run', async () => {
  sidecar = await FakeSidecar.start(0.5)
  const { telemetry } = await load({ sidecar: sidecar.url })
  const path = join(folder, 'run', 'telemetry.ndjson')
  writeFileSync(path, `[]\n{"cut off\n${readFileSync(path, 'utf8')}`)
  const again = await readRun(join(folder, 'run'))
  expect(again.telemetry).toHaveLength(telemetry.length)
  expect(again.summary.gpu?.devices[0]?.utilizationPercent.mean).toBeCloseTo(50, 6)
  expect(again.summary.notes.at(-1)).toBe(
    '2 lines of telemetry.ndjson cannot be understood and are left out',
  )
})

describe('a folder that cannot be read again', () => {
  const reread = () =>
    readRun(join(folder, 'run')).catch((error: unknown) => (error as Error).message)
  const path = (name: string) => join(folder, 'run', name)

  test('names what is wrong where', async () => {
    await load({ seconds: 1 })
    const observations = readFileSync(path('observations.ndjson'), 'utf8').split('\n')
    const whole = observations.join('\n')
    writeFileSync(path('observations.ndjson'), observations.slice(1).join('\n'))
    expect(await reread()).toBe(
      `${path('observations.ndjson')} has 4 lines for 4 requests, and run.json counts 5: the file was cut off or changed.`,
    )
    writeFileSync(path('observations.ndjson'), `${observations[0]!}\n${whole}`)
    expect(await reread()).toMatch(/has 6 lines for 5 requests, and run\.json counts 5: /)
    observations[2] = observations[2]!.replace('"documents":', '"documents":-')
    writeFileSync(path('observations.ndjson'), observations.join('\n'))
    expect(await reread()).toMatch(/observations\.ndjson line 3: documents: /)
    writeFileSync(path('observations.ndjson'), '{"index":0,\n')
    expect(await reread()).toBe(`${path('observations.ndjson')} line 1: not a line of JSON.`)
    rmSync(path('observations.ndjson'))
    expect(await readRun(join(folder, 'run'))).toMatchObject({
      summary: { totals: { requests: 5 } },
    })
    writeFileSync(path('run.json'), '{"schema":"rerankscope.run/2"}')
    expect(await reread()).toMatch(/run\.json is not a run of schema rerankscope\.run\/1: schema: /)
    writeFileSync(path('run.json'), '{"schema"')
    expect(await reread()).toBe(
      `${path('run.json')} is not JSON; the run that wrote it was cut off, or it was changed.`,
    )
    rmSync(path('run.json'))
    expect(await reread()).toBe(`${join(folder, 'run')} is not a run folder: it holds no run.json.`)
    for (const name of ['low', 'high', 'other']) {
      mkdirSync(join(folder, 'run', name))
      if (name !== 'other') writeFileSync(join(folder, 'run', name, 'run.json'), '{}')
    }
    expect(await reread()).toBe(
      `${join(folder, 'run')} is not a run folder: it holds no run.json. Name those in it: ${join(folder, 'run', 'high')} ${join(folder, 'run', 'low')}.`,
    )
  })
})
