import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommandContext } from '../../commands/command.ts'
import { parseCommandLine } from '../../commands/parser.ts'
import { exitCodes } from '../../core/errors.ts'
import { writeRun } from '../../loadgen/index.ts'
import { madeRun } from '../loadgen/report/made-run.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-autoscale-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The command line, without `rerankscope autoscale`; what it prints. */
async function autoscale(...words: readonly string[]) {
  const parsed = await parseCommandLine(['autoscale', ...words], { version: '0', columns: 80 })
  if (parsed === undefined) throw new Error('no command')
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const code = await parsed.command.run(parsed.args, {
    signal: new AbortController().signal,
    stdout: stdout as unknown as CommandContext['stdout'],
    stderr: stderr as unknown as CommandContext['stderr'],
    environment: {},
    version: '0',
  })
  const text = (stream: PassThrough) => String(stream.read() ?? '')
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

interface Printed {
  readonly load: string
  readonly options: {
    readonly seconds: number
    readonly stepSeconds: number
    readonly queue: boolean
  }
  readonly notes: readonly string[]
  readonly forms: readonly {
    readonly form: string
    readonly directionChanges: number
    readonly samples: readonly { readonly atSeconds: number; readonly demand: number }[]
  }[]
}

async function simulated(...words: readonly string[]): Promise<Printed> {
  const { stdout } = await autoscale('simulate', '--json', ...words)
  return JSON.parse(stdout) as Printed
}

describe('export', () => {
  test('writes every manifest, the committed ones without options', async () => {
    const { code, stdout } = await autoscale('export', '--out', folder)
    expect(code).toBe(exitCodes.done)
    const committed = join(import.meta.dirname, '../../alerts/generated/autoscaling')
    expect(readdirSync(folder).sort()).toEqual(readdirSync(committed).sort())
    for (const name of readdirSync(committed)) {
      expect(stdout).toContain(`${join(folder, name)}\n`)
      expect(readFileSync(join(folder, name), 'utf8')).toBe(
        readFileSync(join(committed, name), 'utf8'),
      )
    }
  })

  test('with names, numbers and a policy of one’s own, and the caveat that follows', async () => {
    const own = join(folder, 'policy.yaml')
    writeFileSync(own, 'target:\n  utilizationRatio: 0.75\n')
    const out = join(folder, 'out')
    const { stderr } = await autoscale(
      ...['export', '--out', out, '--policy', own, '--deployment', 'rr', '--namespace', 'rag'],
      ...['--job', 'sidecars', '--max-replicas', '6', '--fallback-replicas', '3'],
      ...['--second-metric', 'triton', '--triton-job', 'tr', '--triton-model', 'bge'],
      ...['--prometheus', 'http://prometheus.example:9090'],
    )
    const keda = readFileSync(join(out, 'keda-tolerance.yaml'), 'utf8')
    for (const part of [
      ...['name: rr', 'namespace: rag', 'job="sidecars"', 'maxReplicaCount: 6', 'replicas: 3'],
      ...['tolerance: "0.067"', 'threshold: "75"', 'model="bge"', 'job="tr"'],
      'serverAddress: http://prometheus.example:9090',
    ]) {
      expect(keda).toContain(part)
    }
    expect(stderr).toContain('The scale-out line is 0.067 of the target away')
  })
})

describe('simulate', () => {
  test('reproduces 64 : 0 direction changes on a flat load of 85 %', async () => {
    const { forms, notes } = await simulated(
      ...['--load', 'constant:85%', '--noise', '0.1', '--signal-seconds', '15'],
    )
    expect(forms.map(({ form, directionChanges }) => [form, directionChanges])).toEqual([
      ['tolerance', 0],
      ['deadband', 0],
      ['defaults', 1],
      ['average-value', 64],
    ])
    expect(notes.join('\n')).toMatch(/Between 1 and 2 replicas.*\n.*64 direction changes here/)
  })

  test('prints a table and a chart, of the forms that were asked for', async () => {
    const { stdout } = await autoscale(
      ...['simulate', '--load', 'steps:50%@600,3@1200', '--form', 'tolerance', 'average-value'],
    )
    expect(stdout).toMatchInlineSnapshot(`
      "steps:50%@600,3@1200, 0:30:00, 1 to 4 replicas, 90 s to start one

      ┌───────────────┬─────────┬───────────┬──────────┬───────────┬─────────────────┐
      │ form          │ changes │ direction │ overload │ GPU-hours │        replicas │
      │               │         │   changes │          │           │                 │
      ├───────────────┼─────────┼───────────┼──────────┼───────────┼─────────────────┤
      │ tolerance     │       3 │         0 │  5.0 min │       1.3 │ 1 – 4, mean 2.6 │
      │ average-value │       1 │         0 │ 20.0 min │       0.8 │ 1 – 2, mean 1.6 │
      └───────────────┴─────────┴───────────┴──────────┴───────────┴─────────────────┘

      load           ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆  3
      tolerance      ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▄▄▄▄▆▆▆▆████████████████████████████  4
      average-value  ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄  2
                     0                                                 0:30:00  most

      tolerance: 0:11:15 1→2, 0:13:30 2→3, 0:15:45 3→4
      average-value: 0:10:30 1→2

      Between 1 and 2 replicas there is no margin: 80 % on one are 40 % on two, and
      the scale-in line is 40 %. An HPA removes the second at 35 % and not before, so
      it holds; whatever adds and removes by the two lines alone would not.

      AverageValue divides the mean utilisation by the replicas once more. It is
      KEDA's default: set metricType: Value.
      "
    `)
  })

  test('the page in the docs shows what it prints', async () => {
    const docs = readFileSync(join(import.meta.dirname, '../../docs/autoscale.md'), 'utf8')
    const [, line = '', shown = ''] =
      /rerankscope (autoscale simulate [^\n]*--noise[^\n]*)\n```\n\n```\n(constant[\s\S]*?)```/.exec(
        docs,
      ) ?? []
    const { stdout } = await autoscale(...line.split(' ').slice(1))
    expect(shown.split('\n').length).toBeGreaterThan(10)
    expect(stdout).toContain(shown)
  })

  test('writes a page without a second file, whatever the load is called', async () => {
    const page = join(folder, 'page.html')
    await autoscale('simulate', '--load', 'constant:85%', '--seconds', '900', '--out', page)
    const html = readFileSync(page, 'utf8')
    expect(html).toContain('<h1>constant:85%</h1>')
    expect(html).toMatch(/<td>average-value<\/td>\s*<td>\d+<\/td>/)
    expect(html).not.toMatch(/(?:src|href)="/)
  })

  test('a day lasts a day, and every line fits the terminal', async () => {
    const { stdout } = await autoscale('simulate', '--load', 'day:0.2..3')
    expect(stdout).toMatch(/^day:0\.2\.\.3, 24:00:00, /)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
  })

  test('of a load with few samples, each stands until the next', async () => {
    const { stdout } = await autoscale(
      ...['simulate', '--load', 'constant:1', '--seconds', '30', '--form', 'tolerance'],
    )
    expect(stdout).toMatch(/^load {7}█{50,} {2}1$/m)
  })

  test('a day is followed in steps of five seconds, and the samples stay few', async () => {
    const day = await simulated(
      '--load',
      'day:0.2..3',
      '--seconds',
      '172800',
      '--form',
      'tolerance',
    )
    expect(day.options.stepSeconds).toBe(5)
    expect(day.forms[0]?.samples.length).toBeLessThanOrEqual(961)
    expect((await simulated('--seconds', '600', '--second-metric', 'none')).options.queue).toBe(
      false,
    )
  })

  test('a profile, at so many queries/s a replica, and twice of it', async () => {
    const profile = await simulated(
      ...[
        '--profile',
        'low',
        '--replica-qps',
        '4',
        '--times',
        '2',
        '--seconds',
        '600',
        '--form',
        'pods',
      ],
    )
    expect(profile.load).toBe('profile low at 4 queries/s a replica × 2')
    expect(profile.forms[0]?.samples[0]?.demand).toBe(2.5)
    const ramp = join(folder, 'ramp.yaml')
    writeFileSync(
      ramp,
      'name: ramp\narrivals: {kind: ramp, fromQueriesPerSecond: 0, toQueriesPerSecond: 10}\ndocuments: [10]\n',
    )
    const rising = await simulated('--profile', ramp, '--replica-qps', '5', '--seconds', '600')
    expect(rising.forms[0]?.samples.find(({ atSeconds }) => atSeconds === 300)?.demand).toBe(1)
    const recording = join(folder, 'recording.csv')
    writeFileSync(recording, 'timestamp,documents\n0,10\n1,10\n2,10\n20,10\n29,10\n')
    const recorded = await simulated(
      '--profile',
      recording,
      '--replica-qps',
      '1',
      '--seconds',
      '60',
    )
    const at = (seconds: number) =>
      recorded.forms[0]?.samples.find(({ atSeconds }) => atSeconds === seconds)?.demand
    expect([at(5), at(20)]).toEqual([3 / 15, 2 / 15])
  })

  test('a run folder: the GPU time that was used, again and again', async () => {
    const run = madeRun({ folder: join(folder, 'run') })
    mkdirSync(run.folder)
    await writeRun(run)
    const { load, forms, options } = await simulated('--run', run.folder, '--seconds', '3600')
    expect(load).toBe(`recorded in ${run.folder}`)
    expect(options.seconds).toBe(3600)
    const busy =
      run.telemetry.at(-1)!.devices[0]!.busySeconds - run.telemetry[0]!.devices[0]!.busySeconds
    const span = run.telemetry.at(-1)!.takenAtSeconds - run.telemetry[0]!.takenAtSeconds
    const demands = forms[0]!.samples.map(({ demand }) => demand)
    const mean = demands.reduce((sum, demand) => sum + demand, 0) / demands.length
    expect(mean).toBeCloseTo(busy / span, 1)
    const without = madeRun({ folder: join(folder, 'without'), gpu: false })
    mkdirSync(without.folder)
    await writeRun(without)
    const asked = await simulated(
      '--run',
      without.folder,
      '--replica-qps',
      '10',
      '--form',
      'tolerance',
    )
    expect(asked.load).toBe(`asked in ${without.folder}, at 10 queries/s a replica`)
    expect(asked.forms[0]?.samples.map(({ demand }) => demand)).toEqual(
      Array.from({ length: 20 }, () => 0.5),
    )
    await expect(autoscale('simulate', '--run', without.folder)).rejects.toThrow(
      'holds no GPU figures: run `load` with --sidecar, or say with --replica-qps',
    )
  })

  test.each([
    [['simulate', '--load', 'flat'], 'is no load'],
    [['simulate', '--load', 'constant:1', '--run', 'x'], '--load and --run each name a load'],
    [['simulate', '--profile', 'low'], '--profile needs --replica-qps'],
    [['simulate', '--profile', 'low', '--replica-qps', '0'], '--replica-qps must be above 0'],
    [['simulate', '--form', 'guess'], 'There is no form guess: --form takes tolerance, deadband'],
    [['simulate', '--out', 'page.txt'], 'name a file that ends in .html'],
    [['simulate', '--seconds', '9999999'], '--seconds must lie between'],
    [['simulate', '--seconds', '5'], '--seconds must lie between'],
    [['simulate', '--replicas', '9'], '--replicas must lie between'],
    [['simulate', '--min-replicas', '0'], '--min-replicas must be a whole number from 1 on'],
    [['simulate', '--sync-seconds', '0.5'], '--sync-seconds must be a whole number'],
    [['simulate', '--noise', '-1'], '--noise must not be below 0'],
    [['simulate', '--times', '0'], '--times must be above 0'],
    [['simulate', '--outage', '9-3'], '--outage 9-3 must be two numbers of seconds'],
    [['simulate', '--gpus-per-replica', '0'], '--gpus-per-replica must be a whole number'],
    [['simulate', '--prometheus', 'nowhere'], '--prometheus must be a URL'],
    [
      ['simulate', '--prometheus', 'http://127.0.0.1:1', '--from', 'monday'],
      '--from monday is no time',
    ],
    [
      ['simulate', '--prometheus', 'http://127.0.0.1:1', '--from', 'now'],
      '--from must be before --to',
    ],
    [['guess'], 'There is no `autoscale guess`: say export or simulate.'],
    [['export'], 'Say where to export to, with --out DIR.'],
  ])('%j is refused in words', async (words, sentence) => {
    const failed = autoscale(...words)
    await expect(failed).rejects.toThrow(sentence)
    await expect(failed).rejects.toMatchObject({ exitCode: exitCodes.usage })
  })
})

describe('simulate --prometheus', () => {
  let server: Server
  let address: string
  let asked: URL
  let authorization: string | undefined
  let answer: (response: ServerResponse) => void

  beforeEach(async () => {
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      asked = new URL(request.url ?? '', 'http://localhost')
      authorization = request.headers.authorization
      answer(response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  })
  afterEach(() => {
    server.close()
    server.closeAllConnections()
  })

  const answers = (result: readonly unknown[]) => (response: ServerResponse) => {
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
  }
  const range = ['--from', '2026-11-01T00:00:00Z', '--to', '2026-11-01T01:00:00Z'] as const
  const start = Date.parse(range[1]) / 1000

  test('takes the load from the rate of busy seconds, a hole is unknown', async () => {
    const values = [0, 15, 30, 45, 60]
      .filter((at) => at !== 30)
      .map((at) => [start + at, at < 45 ? '0.5' : '3'])
    answer = answers([{ metric: {}, values }])
    const { load, forms, options } = await simulated('--prometheus', address, ...range)
    expect(load).toBe('recorded by Prometheus')
    expect(options.seconds).toBe(3600)
    const demands = [0, 28, 44, 48, 76].map(
      (seconds) => forms[0]?.samples.findLast(({ atSeconds }) => atSeconds <= seconds)?.demand,
    )
    // What is not known goes on as it was.
    expect(demands).toEqual([0.5, 0.5, 0.5, 3, 3])
    expect(asked.pathname).toBe('/api/v1/query_range')
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      query:
        'sum (rate(rerankscope_gpu_busy_seconds_total{namespace="rerank", job="rerankscope"}[1m]))',
      start: String(start),
      end: String(start + 3600),
      step: '15',
    })
  })

  test('asks for no more points than Prometheus gives, and keeps the credential to itself', async () => {
    answer = answers([])
    const withSecret = address.replace('http://', 'http://user:s3cret@')
    const failed = autoscale(
      ...['simulate', '--prometheus', withSecret, '--query', 'up', '--from', '30d', '--to', '0s'],
    )
    await expect(failed).rejects.toThrow('Prometheus has no samples for --query')
    expect(asked.searchParams.get('step')).toBe('260')
    expect(asked.searchParams.get('query')).toBe('up')
    expect(authorization).toBe(`Basic ${Buffer.from('user:s3cret').toString('base64')}`)
    server.close()
    server.closeAllConnections()
    await expect(autoscale('simulate', '--prometheus', withSecret)).rejects.toThrow(
      /^--prometheus http:\/\/127\.0\.0\.1:\d+ cannot be asked \(ECONNREFUSED\)/,
    )
  })

  test.each([
    [
      (response: ServerResponse) => {
        response.statusCode = 400
        response.end(JSON.stringify({ status: 'error', error: 'parse error: unexpected end' }))
      },
      exitCodes.usage,
      'Prometheus does not take --query: parse error: unexpected end.',
    ],
    [
      (response: ServerResponse) => response.end('<html>'),
      exitCodes.environment,
      'answered 200 and not as Prometheus does: check the address.',
    ],
    [
      answers([
        { metric: {}, values: [] },
        { metric: {}, values: [] },
      ]),
      exitCodes.usage,
      '--query gives 2 series, and one is needed: put sum() around it.',
    ],
    [
      (response: ServerResponse) => response.end(Buffer.alloc(17 * 1024 * 1024, 32)),
      exitCodes.environment,
      'cannot be asked (the answer is larger than 16 MiB)',
    ],
  ])('an answer that cannot be used is one sentence', async (give, exitCode, sentence) => {
    answer = give
    const failed = autoscale('simulate', '--prometheus', address, ...range)
    await expect(failed).rejects.toThrow(sentence)
    await expect(failed).rejects.toMatchObject({ exitCode })
  })
})
