import { readFileSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import { formatDuration } from '../../core/units.ts'
import { call, mixedDocuments } from './load.ts'
import { quantile } from './measure.ts'
import { serve } from './sections.ts'

const query = '珊瑚礁的学习方法'
const saturationSeconds = 20
const probePauseSeconds = 0.02

/** Offers four times what the server accepts at once, and asks for health and metrics meanwhile. */
export async function saturationSection(directory: string): Promise<void> {
  const limit = 400
  const server = await serve('--model', directory, '--max-pairs', String(limit))
  const documents = 25
  const callers = (4 * limit) / documents
  const end = systemClock.monotonicSeconds() + saturationSeconds
  const running = () => systemClock.monotonicSeconds() < end
  const accepted: number[] = []
  const refused: number[] = []
  const probes: Record<string, number[]> = { '/health': [], '/metrics': [] }
  const timed = async (path: string, body?: unknown) => {
    const start = systemClock.monotonicSeconds()
    const answer = await call(`${server.url}${path}`, body)
    return { ...answer, seconds: systemClock.monotonicSeconds() - start }
  }
  try {
    await Promise.all([
      ...Array.from({ length: callers }, async (_, caller) => {
        for (let turn = 0; running(); turn += 1) {
          const texts = mixedDocuments(documents, caller * 1000 + turn)
          const { status, seconds, headers } = await timed('/rerank', { query, texts })
          if (status === 200) accepted.push(seconds)
          else if (status === 429) refused.push(Number(headers['retry-after'] ?? 0))
          else throw new Error(`/rerank answered ${String(status)}`)
          if (status === 429) await systemClock.sleep(0.25)
        }
      }),
      ...Object.entries(probes).map(async ([path, values]) => {
        while (running()) {
          values.push((await timed(path)).seconds)
          await systemClock.sleep(probePauseSeconds)
        }
      }),
    ])
  } finally {
    await server.stop()
  }
  const rate = (accepted.length * documents) / saturationSeconds
  console.log(
    `${String(callers)} callers of ${String(documents)} documents, ${String(limit)} pairs accepted at once: ` +
      `${String(accepted.length)} answered (${rate.toFixed(0)} pairs/s), ${String(refused.length)} refused with 429, ` +
      `Retry-After ${String(Math.min(...refused))} to ${String(Math.max(...refused))} s`,
  )
  console.log(
    `accepted p95 ${formatDuration(quantile(accepted, 'p95'))}; all that is accepted takes ${formatDuration(limit / rate)} at this rate`,
  )
  for (const [path, values] of Object.entries(probes)) {
    console.log(
      `${path.padEnd(9)} p50 ${formatDuration(quantile(values, 'p50'))}, p99 ${formatDuration(quantile(values, 'p99'))} of ${String(values.length)}; budget p99 20 ms`,
    )
  }
}

/** Resident memory of the server and of its inference process while 10,000 requests go through. */
export async function memorySection(): Promise<void> {
  const server = await serve('--model', 'embedded', '--cache-mib', '16', '--score-cache-mib', '4')
  const total = 10_000
  const step = 1000
  try {
    for (let done = 0; done <= total; done += step) {
      const metrics = (await call(`${server.url}/metrics`)).body
      const inference = /^rerankscope_inference_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]
      console.log(
        `after ${String(done).padStart(5)} requests: server ${mib(residentBytes(server.pid))}, inference ${mib(Number(inference))}`,
      )
      if (done < total) await sendMany(server.url, done, step)
    }
  } finally {
    await server.stop()
  }
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
