import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { metrics } from '../../core/metrics.ts'
import { policy } from '../../core/policy.ts'
import { emulatedGpuName } from '../../core/snapshot.ts'
import { startSidecar, type Sidecar, type SidecarOptions } from '../../sidecar/index.ts'
import { FakeClock } from './fake-clock.ts'

const opened: { stop: () => Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.stop()
})

/** A reranker whose metrics page a test writes. */
async function reranker(listener: RequestListener) {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  opened.push({
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

async function started(
  options: Partial<SidecarOptions>,
  clock = new FakeClock(),
): Promise<Sidecar> {
  const sidecar = await startSidecar(
    {
      target: undefined,
      server: 'auto',
      gpu: 'emulated',
      listen: { host: '127.0.0.1', port: 0 },
      intervalSeconds: 1,
      policy,
      otlp: undefined,
      web: undefined,
      nvidiaSmi: 'nvidia-smi',
      environment: {},
      version: '1.2.3',
      onTrouble: () => undefined,
      ...options,
    },
    clock,
  )
  opened.unshift(sidecar)
  return sidecar
}

const pageOf = (second: number) => `
${metrics.modelInfo.name}{model="embedded",dtype="fp32",device="cpu",server="rerankscope"} 1
${metrics.requests.name} ${String(100 + second * 5)}
${metrics.queuePairs.name} 0
${metrics.inferenceBusySeconds.name} ${String(second * 0.9)}
${metrics.inferenceResidentBytes.name} 400000000
`

/** Moves the fake clock second by second; each reading goes over a real socket, so it is waited for. */
async function play(clock: FakeClock, sidecar: Sidecar, seconds: number) {
  for (let second = 0; second < seconds; second += 1) {
    await clock.advance(1)
    await vi.waitFor(() => {
      for (const { lastSuccessSeconds } of sidecar.snapshot().sources) {
        expect(lastSuccessSeconds).toBe(clock.wallSeconds())
      }
    })
  }
}

test('the reference server stands in for a GPU, labelled so, and guidance follows it', async () => {
  const clock = new FakeClock()
  const target = await reranker((_, response) => {
    response.end(pageOf(clock.monotonicSeconds()))
  })
  const sidecar = await started({ target }, clock)
  await play(clock, sidecar, policy.scaleOut.windowSeconds)
  const { gpus, serving, guidance, sources } = sidecar.snapshot()
  expect(gpus).toMatchObject([
    {
      up: true,
      sample: { uuid: 'EMULATED-0', name: emulatedGpuName, kind: 'emulated', memoryUsedBytes: 4e8 },
      integrals: { energyJoules: undefined },
    },
  ])
  expect(gpus[0]?.sample.utilizationRatio).toBeCloseTo(0.9, 6)
  expect(gpus[0]?.integrals.busySeconds).toBeCloseTo(0.9 * gpus[0]!.integrals.observedSeconds, 6)
  expect(serving).toMatchObject({ queriesPerSecond: 5, sample: { model: 'embedded' } })
  expect(serving?.p95).toBeUndefined()
  expect(guidance.state).toBe('scale_out')
  expect(guidance.reasons.at(-1)).toBe('the device is emulated, not a GPU')
  expect(sources.map(({ name, up }) => [name, up])).toEqual([
    ['emulated', true],
    ['serving', true],
  ])
  const text = await (await fetch(`${sidecar.url}/metrics`)).text()
  expect(text).toContain(`qps_current{target="${target}"} 5\n`)
  expect(text).toContain('nvidia_smi_gpu_utilization{gpu="0",gpu_uuid="EMULATED-0"} 90\n')
})

test('a target that goes away takes its figures along, and says why; a new one brings them back', async () => {
  const clock = new FakeClock()
  let broken = false
  const target = await reranker((request, response) => {
    if (broken) request.socket.destroy()
    else response.end(pageOf(clock.monotonicSeconds()))
  })
  const sidecar = await started({ target, gpu: 'none' }, clock)
  await play(clock, sidecar, 3)
  expect(sidecar.snapshot().serving).toBeDefined()
  broken = true
  for (let second = 0; second < 4; second += 1) {
    await clock.advance(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { serving, sources } = sidecar.snapshot()
  expect(serving).toBeUndefined()
  expect(sources).toMatchObject([
    {
      name: 'serving',
      up: false,
      reason: expect.stringContaining('broke the connection') as string,
    },
  ])
  expect((await fetch(`${sidecar.url}/metrics`)).status).toBe(200)
  broken = false
  await play(clock, sidecar, 2)
  expect(sidecar.snapshot().serving).toMatchObject({ queriesPerSecond: 5 })
})

test('a server that is not known says so, and so does one that cannot be emulated', async () => {
  const clock = new FakeClock()
  const target = await reranker((_, response) => response.end('up 1\n'))
  const sidecar = await started({ target }, clock)
  await vi.waitFor(() => {
    const reasons = sidecar.snapshot().sources.map(({ reason }) => reason)
    expect(reasons[0]).toContain(`shows no ${metrics.inferenceBusySeconds.name}`)
    expect(reasons[1]).toContain('not those of a server that is known here (rerankscope, tei,')
  })
})

test('a target that is not there is no error: the sidecar runs and says it', async () => {
  const sidecar = await started({ target: 'http://user:secret@127.0.0.1:1' })
  await vi.waitFor(() => {
    expect(sidecar.snapshot().sources[1]?.reason).toContain('refused the connection')
  })
  const status = await (await fetch(`${sidecar.url}/status`)).text()
  const text = await (await fetch(`${sidecar.url}/metrics`)).text()
  expect(status).toContain('"target":"http://127.0.0.1:1"')
  expect(`${status}${text}`).not.toMatch(/secret|user:/)
  expect((await fetch(`${sidecar.url}/-/ready`)).status).toBe(200)
})

test('not ready before every source was tried', async () => {
  const target = await reranker(() => undefined)
  const sidecar = await started({ target })
  expect((await fetch(`${sidecar.url}/-/ready`)).status).toBe(503)
  expect((await fetch(`${sidecar.url}/-/healthy`)).status).toBe(200)
})
