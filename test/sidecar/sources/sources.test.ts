import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { UserError } from '../../../core/errors.ts'
import { metrics } from '../../../core/metrics.ts'
import { emulatedGpuName } from '../../../core/snapshot.ts'
import { parsePrometheusText } from '../../../sidecar/normalise/prometheus-text.ts'
import { emulatedGpu } from '../../../sidecar/sources/emulated.ts'
import {
  gpuChoices,
  gpuSourceOf,
  gpuSources,
  serverChoices,
  servingSourceOf,
  servingSourceKinds,
  servingSources,
} from '../../../sidecar/sources/index.ts'
import { ticksOf } from '../../../sidecar/sources/replay.ts'
import { rerankscope } from '../../../sidecar/sources/rerankscope.ts'
import type { SourceEnvironment } from '../../../sidecar/sources/source.ts'
import { Target } from '../../../sidecar/target.ts'
import { FakeClock } from '../fake-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'rerankscope-sources-'))
const target = new Target('http://127.0.0.1:1')
afterAll(() => {
  target.close()
  rmSync(folder, { recursive: true })
})

const environment: SourceEnvironment = {
  clock: new FakeClock(),
  intervalSeconds: 1,
  target,
  nvidiaSmi: 'nvidia-smi',
  environment: { PATH: folder },
}

test('every file of the folder that is a source is in a list', () => {
  const files = readdirSync(new URL('../../../sidecar/sources/', import.meta.url))
    .filter((file) => file.endsWith('.ts') && !['index.ts', 'source.ts'].includes(file))
    .map((file) => file.replace('.ts', ''))
  const listed = [...gpuSources, ...servingSources, ...servingSourceKinds].map(({ name }) => name)
  expect([...listed].sort()).toEqual(files.sort())
})

test('the choices are the lists', () => {
  expect(gpuChoices).toEqual(['auto', 'nvidia-smi', 'emulated', 'dcgm:URL', 'replay:FILE', 'none'])
  expect(serverChoices.join(' ')).toBe(
    'auto rerankscope tei vllm triton xinference llamacpp infinity generic:FILE none',
  )
})

test('auto takes nvidia-smi where it is on PATH, then the target, and without both says what is missing', () => {
  expect(gpuSourceOf('auto', environment).source?.name).toBe('emulated')
  expect(gpuSourceOf('auto', { ...environment, target: undefined }).source?.name).toBe('nvidia-smi')
  writeFileSync(join(folder, 'nvidia-smi'), '', { mode: 0o755 })
  expect(gpuSourceOf('auto', environment).source?.name).toBe('nvidia-smi')
  expect(gpuSourceOf('none', environment)).toEqual({})
  expect(gpuSourceOf('auto', environment).inventory?.name).toBe('nvidia-smi-inventory')
})

test.each(['nvidia', 'nvidia-smi:x', 'replay', 'replay:/no/such/file', 'dcgm', 'dcgm:ftp://x', ''])(
  'the GPU source %j is refused',
  (choice) => {
    expect(() => gpuSourceOf(choice, environment)).toThrow(UserError)
  },
)

test('what is wrong with a page of DCGM is said of it, and not of the reranker', async () => {
  expect(() => gpuSourceOf('dcgm:ftp://x', environment)).toThrow(
    'The URL of --gpu dcgm:URL must start with http:// or https://, not ftp://.',
  )
  const stop = new AbortController().signal
  const reader = await gpuSourceOf('dcgm:http://127.0.0.1:1/metrics', environment).source?.open(
    stop,
  )
  await expect(reader?.read(stop)).rejects.toThrow(
    'http://127.0.0.1:1/metrics refused the connection: is the exporter running?',
  )
})

test('a server source needs a target, and one that is known', async () => {
  const alone = { ...environment, target: undefined }
  await expect(servingSourceOf('auto', alone)).rejects.toThrow('--target')
  await expect(servingSourceOf('tgi', environment)).rejects.toThrow('generic:FILE, none, not tgi')
  expect(await servingSourceOf('none', alone)).toBeUndefined()
})

test('emulated utilisation is the busy share of the time between two readings', () => {
  const first = { atSeconds: 10, busySeconds: 4, residentBytes: 500 }
  expect(emulatedGpu(undefined, first)).toMatchObject({
    uuid: 'EMULATED-0',
    name: emulatedGpuName,
    kind: 'emulated',
    utilizationRatio: undefined,
    memoryUsedBytes: 500,
  })
  const ratioOf = (atSeconds: number, busySeconds: number) =>
    emulatedGpu(first, { atSeconds, busySeconds, residentBytes: 500 }).utilizationRatio
  expect(ratioOf(12, 4.5)).toBe(0.25)
  expect(ratioOf(12, 4)).toBe(0)
  expect(ratioOf(12, 6.01)).toBe(1)
  expect(ratioOf(12, 1)).toBeUndefined()
  expect(ratioOf(10, 4)).toBeUndefined()
})

test('our own page, figure by figure; what it does not say is absent', () => {
  const page = parsePrometheusText(`
${metrics.modelInfo.name}{model="embedded",dtype="fp32",device="cpu",server="rerankscope"} 1
${metrics.requests.name} 12
${metrics.errors.name}{class="overloaded"} 2
${metrics.errors.name}{class="backend"} 0
${metrics.queuePairs.name} 7
${metrics.stageDuration.name}_bucket{stage="infer",le="0.1"} 3
${metrics.stageDuration.name}_bucket{stage="infer",le="+Inf"} 4
${metrics.stageDuration.name}_sum{stage="infer"} 0.5
${metrics.stageDuration.name}_count{stage="infer"} 4
${metrics.cacheHits.name}{cache="token"} 5
`)
  expect(rerankscope.recognises(page)).toBe(true)
  expect(rerankscope.normalise(page, {})).toEqual({
    server: 'rerankscope',
    model: 'embedded',
    dtype: 'fp32',
    device: 'cpu',
    requests: 12,
    errors: { overloaded: 2, backend: 0 },
    queuePairs: 7,
    stages: { infer: { bounds: [0.1], counts: [3, 1], sum: 0.5 } },
    cacheHits: { token: 5 },
  })
  expect(rerankscope.recognises(parsePrometheusText('te_request_count 5'))).toBe(false)
})

const recording = `index, uuid, name, utilization.gpu [%], memory.used [MiB], fan.speed [%]
0, GPU-a, Test A, 10 %, 100 MiB, 30 %
1, GPU-b, Test B, 20 %, 200 MiB, 30 %
Xid 13 in between
0, GPU-a, Test A, 30 %, 100 MiB, 30 %
1, GPU-b, Test B, [N/A], 200 MiB, 30 %
`

test('a recording is cut into ticks where a GPU comes again', () => {
  const { ticks, droppedLines } = ticksOf(recording)
  expect(droppedLines).toBe(1)
  expect(
    ticks.map((tick) => tick.map(({ uuid, utilizationRatio }) => [uuid, utilizationRatio])),
  ).toEqual([
    [
      ['GPU-a', 0.1],
      ['GPU-b', 0.2],
    ],
    [
      ['GPU-a', 0.3],
      ['GPU-b', undefined],
    ],
  ])
})

test('a recording is replayed for ever', async () => {
  const file = join(folder, 'recording.csv')
  writeFileSync(file, recording)
  const reader = await gpuSourceOf(`replay:${file}`, environment).source?.open(
    new AbortController().signal,
  )
  const ratios: (number | undefined)[] = []
  for (let tick = 0; tick < 3; tick += 1) {
    const samples = await reader?.read(new AbortController().signal)
    expect(samples?.[0]?.kind).toBe('replay')
    ratios.push(samples?.[0]?.utilizationRatio)
  }
  expect(ratios).toEqual([0.1, 0.3, 0.1])
})

test.each(['', 'a,b\n1,2\n', 'index, uuid\n'])('%j is no recording', (text) => {
  const file = join(folder, 'none.csv')
  writeFileSync(file, text)
  expect(() => gpuSourceOf(`replay:${file}`, environment)).toThrow('holds no recorded GPU')
})
