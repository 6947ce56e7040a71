import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { UserError } from '../../core/errors.ts'
import { PrometheusRenderer, ReadingProducer } from '../../core/exposition.ts'
import { metrics } from '../../core/metrics.ts'
import { policy } from '../../core/policy.ts'
import { reading } from '../../core/reading.ts'
import { hardwareReadings } from '../../sidecar/export/hardware.ts'
import { otlpTargetOf, otlpUrlOf, startOtlp } from '../../core/otlp.ts'
import { readingsOf } from '../../sidecar/export/readings.ts'
import { fullSnapshot } from '../sidecar/export/full-snapshot.ts'
import { decodeOtlp, type Received } from './otlp-decoder.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const common = {
  resource: { 'service.name': 'rerankscope-sidecar', 'k8s.pod.name': 'reranker-0' },
  wallSeconds: () => 1_800_000_000,
}
const producer = new ReadingProducer({
  ...common,
  readings: () => [
    reading(metrics.gpuUtilization, { gpu: '0', gpu_uuid: 'GPU-a' }, 71),
    reading(metrics.gpuBusySeconds, { gpu_uuid: 'GPU-a' }, 12.5),
  ],
})

/** A collector that answers `status` and keeps what it got. */
async function collector(status: () => number = () => 200) {
  const pushes: { path: string | undefined; headers: IncomingHttpHeaders; received: Received }[] =
    []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const received = decodeOtlp(Buffer.concat(chunks))
      pushes.push({ path: request.url, headers: request.headers, received })
      response.writeHead(status()).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { pushes, url, close: () => server.close() }
}

/** A collector that speaks gRPC. */
async function grpcCollector() {
  const pushes: { tenant: unknown; received: Received }[] = []
  const server = new grpc.Server()
  server.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
        requestStream: false,
        responseStream: false,
        requestDeserialize: decodeOtlp,
        requestSerialize: () => Buffer.alloc(0),
        responseSerialize: () => Buffer.alloc(0),
        responseDeserialize: () => undefined,
      },
    },
    {
      export: (
        call: grpc.ServerUnaryCall<Received, undefined>,
        answer: grpc.sendUnaryData<undefined>,
      ) => {
        pushes.push({ tenant: call.metadata.get('x-tenant')[0], received: call.request })
        answer(null, undefined)
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error)
      else resolve(bound)
    })
  })
  return {
    pushes,
    url: `http://127.0.0.1:${String(port)}`,
    close: () => {
      server.forceShutdown()
    },
  }
}

/** One push of everything that `from` hands out, by stopping at once. */
async function pushOnce(
  from: ReadingProducer,
  given: { readonly url: string | undefined; readonly protocol: string | undefined },
  environment: Readonly<Record<string, string>> = {},
) {
  const target = otlpTargetOf(given, environment)
  if (target === undefined) throw new Error('nowhere to push to')
  const troubles: string[] = []
  const onTrouble = (sentence: string) => troubles.push(sentence)
  const push = await startOtlp({
    target,
    producer: from,
    onTrouble,
  })
  await push.shutdown()
  expect(troubles).toEqual([])
}

const full = new ReadingProducer({
  ...common,
  readings: () => readingsOf(fullSnapshot, { policy, version: '1' }),
})

/** The families of `/metrics`; `target_info` is the resource over OTLP. */
async function scrapedNames(): Promise<readonly string[]> {
  const text = await new PrometheusRenderer(full).render()
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)
  return names.filter((name) => name !== 'target_info')
}

test('http/protobuf: a collector reads the names of /metrics, their values and the resource', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=blue')
  const { pushes, url, close } = await collector()
  await pushOnce(full, { url, protocol: undefined })
  close()
  const [first] = pushes
  expect(first?.path).toBe('/v1/metrics')
  expect(first?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-tenant': 'blue',
  })
  const received = first!.received
  expect(received.names.toSorted()).toEqual((await scrapedNames()).toSorted())
  expect(received.names.length).toBeGreaterThan(40)
  expect(received.points).toMatchObject({
    'nvidia_smi_gpu_utilization{"gpu":"0","gpu_uuid":"GPU-a"}': ['gauge', 7],
    'rerankscope_gpu_busy_seconds_total{"gpu_uuid":"GPU-a"}': ['sum', 30.5],
    'reranker_request_duration_seconds{}': ['histogram', expect.closeTo(0.34, 9)],
  })
  expect(received.resource).toMatchObject(common.resource)
  // The command line may hold the target's credentials.
  expect(Object.keys(received.resource).filter((key) => key.startsWith('process.'))).toEqual([])
})

test('gRPC: the same names, with the headers of the environment', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=blue')
  const { pushes, url, close } = await grpcCollector()
  await pushOnce(full, { url, protocol: 'grpc' })
  close()
  expect(pushes).toHaveLength(1)
  expect(pushes[0]?.tenant).toBe('blue')
  expect(pushes[0]?.received.names.toSorted()).toEqual((await scrapedNames()).toSorted())
  expect(pushes[0]?.received.resource).toMatchObject(common.resource)
})

test('the environment alone says where and how', async () => {
  const { pushes, url, close } = await grpcCollector()
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc',
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  await pushOnce(producer, { url: undefined, protocol: undefined }, environment)
  close()
  expect(pushes).toHaveLength(1)
})

test("OpenTelemetry's own names for GPUs, by their own kinds and units", async () => {
  const { pushes, url, close } = await collector()
  const own = new ReadingProducer({ ...common, readings: () => hardwareReadings(fullSnapshot) })
  await pushOnce(own, { url, protocol: undefined })
  close()
  const one = '"hw.id":"GPU-a","hw.name":"Test Accelerator"'
  const lost = String.raw`"hw.id":"GPU-b","hw.name":"Quote \" and \\"`
  const { points } = pushes[0]!.received
  expect(points).toMatchObject({
    [`hw.gpu.utilization{${one},"hw.gpu.task":"general"}`]: ['gauge', 0.07],
    [`hw.gpu.memory.usage{${one}}`]: ['updown', 2e9],
    [`hw.gpu.memory.limit{${one}}`]: ['updown', 8e9],
    [`hw.gpu.memory.utilization{${one}}`]: ['gauge', 0.25],
    [`hw.power{${one},"hw.type":"gpu"}`]: ['gauge', 100],
    [`hw.energy{${one},"hw.type":"gpu"}`]: ['sum', 6100],
    [`hw.temperature{${one}}`]: ['gauge', 55],
    [`hw.status{${one},"hw.type":"gpu","hw.state":"ok"}`]: ['updown', 1],
    [`hw.status{${one},"hw.type":"gpu","hw.state":"failed"}`]: ['updown', 0],
    [`hw.status{${lost},"hw.type":"gpu","hw.state":"failed"}`]: ['updown', 1],
  })
  expect(Object.keys(points).filter((key) => key.includes('GPU-b'))).toHaveLength(2)
})

const nowhere = { url: undefined, protocol: undefined }
test.each([
  [nowhere, {}, undefined],
  [nowhere, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
  [nowhere, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, [undefined, 'http/protobuf']],
  [nowhere, { OTEL_METRICS_EXPORTER: 'otlp' }, [undefined, 'http/protobuf']],
  [nowhere, { OTEL_METRICS_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, undefined],
  [
    { ...nowhere, url: 'http://c' },
    { OTEL_METRICS_EXPORTER: 'none' },
    ['http://c/v1/metrics', 'http/protobuf'],
  ],
  [{ ...nowhere, url: 'http://c' }, { OTEL_SDK_DISABLED: 'true' }, undefined],
  [{ url: 'http://c:4317', protocol: 'grpc' }, {}, ['http://c:4317', 'grpc']],
  [
    { url: 'http://c', protocol: 'http/protobuf' },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    ['http://c/v1/metrics', 'http/protobuf'],
  ],
] as const)('%j with %j pushes to %j', (given, environment, expected) => {
  const target = otlpTargetOf(given, environment)
  expect(target && [target.url, target.protocol]).toEqual(expected)
})

test('a protocol that is none is told in words, and where it was given', () => {
  expect(() => otlpTargetOf({ url: 'http://c', protocol: 'smoke' }, {})).toThrow(
    '--otlp-protocol must be one of http/protobuf, grpc, not smoke.',
  )
  const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  expect(() => otlpTargetOf({ url: 'http://c', protocol: undefined }, environment)).toThrow(
    'OTEL_EXPORTER_OTLP_PROTOCOL must be one of http/protobuf, grpc, not http/json.',
  )
})

test('trouble is told once when it begins and once when it ends', async () => {
  vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '40')
  let status = 400
  const { pushes, url, close } = await collector(() => status)
  const told: string[] = []
  const push = await startOtlp({
    target: { url: otlpUrlOf(url, 'http/protobuf'), protocol: 'http/protobuf' },
    producer,
    onTrouble: (sentence) => told.push(sentence),
  })
  await vi.waitFor(() => {
    expect(pushes.length).toBeGreaterThan(2)
  })
  expect(told).toHaveLength(1)
  status = 200
  await vi.waitFor(() => {
    expect(told).toHaveLength(2)
  })
  expect(told[0]).toMatch(/^pushing over OTLP fails: .*Bad Request/)
  expect(told[1]).toBe('pushing over OTLP works again.')
  await push.shutdown()
  close()
})

test('base URLs get the signal path, whole URLs stay', () => {
  expect(otlpUrlOf('http://c:4318', 'http/protobuf')).toBe('http://c:4318/v1/metrics')
  expect(otlpUrlOf('http://c:4318/', 'http/protobuf')).toBe('http://c:4318/v1/metrics')
  expect(otlpUrlOf('https://c/otlp/v1/metrics', 'http/protobuf')).toBe('https://c/otlp/v1/metrics')
  expect(() => otlpUrlOf('c:4318', 'http/protobuf')).toThrow(UserError)
})

test('an interval or a timeout that cannot be counts as not set', async () => {
  for (const name of [
    'OTEL_METRIC_EXPORT_INTERVAL',
    'OTEL_METRIC_EXPORT_TIMEOUT',
    'OTEL_EXPORTER_OTLP_TIMEOUT',
  ]) {
    vi.stubEnv(name, '0')
  }
  const { pushes, url, close } = await collector(() => 200)
  const push = await startOtlp({
    target: { url: otlpUrlOf(url, 'http/protobuf'), protocol: 'http/protobuf' },
    producer,
    onTrouble: () => undefined,
  })
  await push.shutdown()
  close()
  expect(pushes).toHaveLength(1)
})

test('an interval longer than a timer can be does not push all the time', async () => {
  vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '99999999999')
  const { pushes, url, close } = await collector()
  const target = otlpTargetOf({ url, protocol: undefined }, {})!
  const push = await startOtlp({ target, producer: full, onTrouble: () => undefined })
  await systemClock.sleep(0.2)
  await push.shutdown()
  close()
  expect(pushes).toHaveLength(1)
})
