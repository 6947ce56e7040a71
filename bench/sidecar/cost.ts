import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { performance } from 'node:perf_hooks'

/** Each one finds what was read since: a faster scraper would see the last text again. */
export const scrapeEverySeconds = 1
/** Starting, the first readings and the first collections, the last of them at 17 s, are paid once. */
const settleSeconds = 20

export interface Cost {
  readonly coreRatio: number
  /** The middle of what was seen, one a scrape: memory rises and falls with the collector. */
  readonly residentBytes: number
  readonly peakBytes: number
  readonly scrapeSeconds: readonly number[]
  readonly pageBytes: number
}

/** What the process `pid` takes while `url` is scraped for `seconds`. Linux only. */
export async function costOf(pid: number, url: string, seconds: number): Promise<Cost> {
  const agent = new Agent({ keepAlive: true })
  let scrapeSeconds: number[] = []
  let resident: number[] = []
  let pageBytes = 0
  const scrapeFor = async (duration: number) => {
    for (const end = now() + duration; now() < end;) {
      const begin = now()
      pageBytes = (await scrape(url, agent)).length
      scrapeSeconds.push(now() - begin)
      resident.push(bytesOf(pid, 'VmRSS'))
      await sleep(scrapeEverySeconds - (now() - begin))
    }
  }
  await scrapeFor(settleSeconds)
  scrapeSeconds = []
  resident = []
  const [begin, cpuBefore] = [now(), cpuSecondsOf(pid)]
  await scrapeFor(seconds)
  const coreRatio = (cpuSecondsOf(pid) - cpuBefore) / (now() - begin)
  agent.destroy()
  resident.sort((a, b) => a - b)
  return {
    coreRatio,
    residentBytes: resident[Math.floor(resident.length / 2)] ?? Number.NaN,
    peakBytes: bytesOf(pid, 'VmHWM'),
    scrapeSeconds,
    pageBytes,
  }
}

export function scrape(url: string, agent?: Agent): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        resolve(Buffer.concat(chunks))
      })
    }).on('error', reject)
  })
}

/** User and system time of the process alone, in the 100 ticks a second of Linux. */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

function bytesOf(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024
}

function now(): number {
  return performance.now() / 1000
}

export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, seconds) * 1000))
}
