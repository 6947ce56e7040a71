import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../core/clock.ts'
import { formatDuration } from '../../core/units.ts'
import { call, mixedDocuments } from './load.ts'
import { quantile } from './measure.ts'
import type { BenchModels } from './model.ts'
import { serve } from './sections.ts'

const query = '珊瑚礁的学习方法'
const saturationSeconds = 20
const probePauseSeconds = 0.02
const documentsPerRequest = 25
const pairsAccepted = 400
/** Together they offer four times what the server accepts at once. */
const callers = (4 * pairsAccepted) / documentsPerRequest

/** How the callers of a saturated server fared. */
interface Outcomes {
  readonly acceptedSeconds: readonly number[]
  readonly retryAfterSeconds: readonly number[]
}

/** The callers, in a process of their own: what they cost must not delay who probes. */
export async function runCallers(url: string): Promise<void> {
  const acceptedSeconds: number[] = []
  const retryAfterSeconds: number[] = []
  const bodies = Array.from({ length: callers }, (_, seed) => ({
    query,
    texts: mixedDocuments(documentsPerRequest, seed),
  }))
  const end = systemClock.monotonicSeconds() + saturationSeconds
  await Promise.all(
    bodies.map(async (body) => {
      while (systemClock.monotonicSeconds() < end) {
        const start = systemClock.monotonicSeconds()
        const { status, headers } = await call(`${url}/rerank`, body)
        if (status === 200) acceptedSeconds.push(systemClock.monotonicSeconds() - start)
        else if (status === 429) {
          retryAfterSeconds.push(Number(headers['retry-after']))
          await systemClock.sleep(0.25)
        } else throw new Error(`/rerank answered ${String(status)}`)
      }
    }),
  )
  process.send?.({ acceptedSeconds, retryAfterSeconds } satisfies Outcomes)
}

/** Offers four times what the server accepts at once, and asks for health and metrics meanwhile. */
export async function saturationSection({ fp32 }: BenchModels): Promise<void> {
  const server = await serve('--model', fp32, '--max-pairs', String(pairsAccepted))
  const probes: Record<string, number[]> = { '/health': [], '/metrics': [] }
  try {
    const load = fork(fileURLToPath(new URL('../server.js', import.meta.url)), [
      'callers',
      server.url,
    ])
    let outcomes: Outcomes | undefined
    const ended = once(load, 'message').then(([message]) => {
      outcomes = message as Outcomes
    })
    const probe = async (path: string, values: number[]) => {
      while (outcomes === undefined) {
        const start = systemClock.monotonicSeconds()
        await call(`${server.url}${path}`)
        values.push(systemClock.monotonicSeconds() - start)
        await systemClock.sleep(probePauseSeconds)
      }
    }
    await Promise.all([ended, ...Object.entries(probes).map((one) => probe(...one))])
    if (outcomes !== undefined) print(outcomes)
  } finally {
    await server.stop()
  }
  for (const [path, values] of Object.entries(probes)) {
    console.log(
      `${path.padEnd(9)} p50 ${formatDuration(quantile(values, 'p50'))}, p99 ${formatDuration(quantile(values, 'p99'))} of ${String(values.length)}; budget p99 20 ms`,
    )
  }
}

function print({ acceptedSeconds, retryAfterSeconds }: Outcomes): void {
  const rate = (acceptedSeconds.length * documentsPerRequest) / saturationSeconds
  console.log(
    `${String(callers)} callers of ${String(documentsPerRequest)} documents, ${String(pairsAccepted)} pairs accepted at once: ` +
      `${String(acceptedSeconds.length)} answered (${rate.toFixed(0)} pairs/s), ${String(retryAfterSeconds.length)} refused with 429, ` +
      `Retry-After ${String(Math.min(...retryAfterSeconds))} to ${String(Math.max(...retryAfterSeconds))} s`,
  )
  console.log(
    `accepted p95 ${formatDuration(quantile(acceptedSeconds, 'p95'))}; all that is accepted at once takes ${formatDuration(pairsAccepted / rate)} at this rate`,
  )
}

/**
 * Resident memory of the server and of its inference process while 10,000 requests go through, once
 * as many have filled the caches and brought the heaps to their working size. A heap swings by what
 * V8 has not collected yet, so the halves are compared by their means.
 */
export async function memorySection(): Promise<void> {
  const server = await serve('--model', 'embedded', '--cache-mib', '16', '--score-cache-mib', '4')
  const requests = 10_000
  const step = 500
  const resident: { readonly server: number; readonly inference: number }[] = []
  try {
    await sendMany(server.url, 0, requests)
    for (let done = 0; done < requests; done += step) {
      await sendMany(server.url, requests + done, step)
      const metrics = (await call(`${server.url}/metrics`)).body
      const inference = /^rerankscope_inference_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]
      resident.push({ server: residentBytes(server.pid), inference: Number(inference) })
    }
  } finally {
    await server.stop()
  }
  for (const name of ['server', 'inference'] as const) {
    const values = resident.map((one) => one[name])
    const [first, second] = [0, values.length / 2].map((from) =>
      mib(mean(values.slice(from, from + values.length / 2))),
    )
    console.log(
      `${name.padEnd(9)} ${String(first)} over the first ${String(requests / 2)} requests, ${String(second)} over the second (${mib(Math.min(...values))} … ${mib(Math.max(...values))})`,
    )
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length
}

async function sendMany(url: string, from: number, count: number): Promise<void> {
  let next = from
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (next < from + count) {
        const texts = mixedDocuments(10, (next += 1), 10, 100)
        await call(`${url}/rerank`, { query, texts })
      }
    }),
  )
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}
