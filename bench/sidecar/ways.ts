import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { Gauge, Registry } from 'prom-client'

const fields = ['index', 'uuid', 'utilization.gpu', 'memory.used', 'power.draw.instant', 'name']
const query = [`--query-gpu=${fields.join(',')}`, '--format=csv']

/** What every role is told: the page that the sidecar shows, the reranker's page, the program. */
export interface Setting {
  readonly page: string
  readonly target: string
  readonly nvidiaSmi: string
}

/** Each runs in a process of its own, says its URL, and ends with the channel to its parent. */
export const roles: Readonly<Record<string, (setting: Setting) => Promise<void>>> = {
  /** A server of bytes that are there: what Node.js itself takes, and a page to watch. */
  'bare server': async ({ page }) => {
    const bytes = Buffer.from(page)
    const delay = monitorEventLoopDelay({ resolution: 10 })
    delay.enable()
    process.on('message', () => {
      process.send?.(delay.percentile(99) / 1e9 - 0.01)
      delay.reset()
    })
    await serve(() => Promise.resolve(bytes))
  },
  /** Gauges that a loop sets, as most exporters are written: the sidecar's series, its two readings a second. */
  'prom-client': async ({ page, target, nvidiaSmi }) => {
    const { set, registry } = mirrorOf(page)
    const child = spawn(nvidiaSmi, [...query, '-lms', '1000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      set(([, labels]) => labels['gpu_uuid'] !== undefined && line.includes(labels['gpu_uuid']))
    })
    const poll = setInterval(() => {
      get(target, (response) => {
        createInterface({ input: response }).on('line', sampleOf)
        response.on('end', () => {
          set(([, labels]) => labels['gpu_uuid'] === undefined)
        })
      })
    }, 1000)
    process.on('disconnect', () => {
      clearInterval(poll)
      child.kill('SIGKILL')
    })
    await serve(() => registry.metrics())
  },
  /** One nvidia-smi a scrape, as the simplest exporters do it: three figures a GPU, no reranker. */
  'nvidia-smi a scrape': async ({ page, nvidiaSmi }) => {
    const three =
      /^(# \w+ )?(nvidia_smi_gpu_utilization|nvidia_smi_memory_used|rerankscope_gpu_power_watts)\b/
    const { set, registry } = mirrorOf(
      page
        .split('\n')
        .filter((line) => three.test(line))
        .join('\n'),
    )
    const run = () =>
      new Promise<void>((resolve, reject) => {
        execFile(nvidiaSmi, query, (error) => {
          if (error === null) resolve()
          else reject(new Error('nvidia-smi failed', { cause: error }))
        })
      })
    await serve(async () => {
      await run()
      set(() => true)
      return registry.metrics()
    })
  },
}

type Sample = readonly [name: string, labels: Readonly<Record<string, string>>, value: number]

function sampleOf(line: string): Sample | undefined {
  const [, name, labels = '', value] = /^([a-zA-Z_]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (name === undefined) return undefined
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
  return [name, Object.fromEntries(pairs.map(([, key, text]) => [key, text])), Number(value)]
}

/** The same series under the same names, a bucket being a gauge as well. */
function mirrorOf(page: string) {
  const registry = new Registry()
  const gauges = new Map<string, Gauge>()
  const samples = page.split('\n').flatMap((line) => {
    const sample = sampleOf(line)
    return sample === undefined ? [] : [sample]
  })
  for (const [name, labels] of samples) {
    if (gauges.has(name)) continue
    const labelNames = Object.keys(labels)
    gauges.set(name, new Gauge({ name, help: name, labelNames, registers: [registry] }))
  }
  const set = (wanted: (sample: Sample) => boolean) => {
    for (const sample of samples) {
      if (wanted(sample)) gauges.get(sample[0])?.set(sample[1], sample[2])
    }
  }
  set(() => true)
  return { registry, set }
}

async function serve(render: () => Promise<string | Buffer>): Promise<void> {
  const server = createServer((request, response) => {
    request.resume()
    void render().then((text) => response.end(text))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.on('disconnect', () => process.exit(0))
  process.send?.(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
}
