import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { UserError } from '../../../core/errors.ts'
import { ReadingProducer } from '../../../core/exposition.ts'
import { metrics } from '../../../core/metrics.ts'
import { reading } from '../../../core/reading.ts'
import { otlpUrlOf, startOtlp } from '../../../sidecar/export/otlp.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const producer = new ReadingProducer({
  readings: () => [
    reading(metrics.gpuUtilization, { gpu: '0', gpu_uuid: 'GPU-a' }, 71),
    reading(metrics.gpuBusySeconds, { gpu_uuid: 'GPU-a' }, 12.5),
  ],
  resource: { 'service.name': 'rerankscope-sidecar' },
  wallSeconds: () => 1_800_000_000,
})

/** A collector that answers `status` and keeps what it got. */
async function collector(status: () => number) {
  const pushes: { path: string | undefined; headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      // Protobuf keeps strings as they are, so latin1 shows names without a decoder.
      const body = Buffer.concat(chunks).toString('latin1')
      pushes.push({ path: request.url, headers: request.headers, body })
      response.writeHead(status()).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { pushes, url, close: () => server.close() }
}

test('pushes the names of the catalogue, with resource and headers of the environment', async () => {
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=blue')
  vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test')
  vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '50')
  const { pushes, url, close } = await collector(() => 200)
  const push = await startOtlp({ url: otlpUrlOf(url), producer, onTrouble: () => undefined })
  await vi.waitFor(() => {
    expect(pushes.length).toBeGreaterThan(0)
  })
  await push.shutdown()
  close()
  const [first] = pushes
  expect(first?.path).toBe('/v1/metrics')
  expect(first?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-tenant': 'blue',
  })
  for (const text of [
    metrics.gpuUtilization.name,
    metrics.gpuBusySeconds.name,
    'GPU-a',
    'rerankscope-sidecar',
    'deployment.environment.name',
  ]) {
    expect(first?.body).toContain(text)
  }
  // The command line may hold the target's credentials.
  expect(first?.body).not.toContain('process.command')
})

test('trouble is told once when it begins and once when it ends', async () => {
  vi.stubEnv('OTEL_METRIC_EXPORT_INTERVAL', '40')
  let status = 400
  const { pushes, url, close } = await collector(() => status)
  const told: string[] = []
  const push = await startOtlp({
    url: otlpUrlOf(url),
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
  expect(otlpUrlOf('http://c:4318')).toBe('http://c:4318/v1/metrics')
  expect(otlpUrlOf('http://c:4318/')).toBe('http://c:4318/v1/metrics')
  expect(otlpUrlOf('https://c/otlp/v1/metrics')).toBe('https://c/otlp/v1/metrics')
  expect(() => otlpUrlOf('c:4318')).toThrow(UserError)
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
  const push = await startOtlp({ url: otlpUrlOf(url), producer, onTrouble: () => undefined })
  await push.shutdown()
  close()
  expect(pushes).toHaveLength(1)
})
