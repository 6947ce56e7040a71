import autocannon from 'autocannon'
import { loadTest, type LoadTestResult } from 'loadtest'

/** What a generator says of a run; undefined where it does not say. */
export interface Reported {
  readonly requests: number
  readonly p50Seconds: number | undefined
  readonly p95Seconds: number | undefined
}

export interface OtherGenerator {
  readonly name: string
  run(load: {
    readonly url: string
    readonly body: string
    readonly requestsPerSecond: number
    readonly seconds: number
  }): Promise<Reported>
}

interface AutocannonResult {
  readonly latency: { readonly p50: number; readonly p97_5: number; readonly totalCount: number }
}
const stock = autocannon as unknown as (options: object) => Promise<AutocannonResult>
const headers = { 'content-type': 'application/json' }

/** Generators that people would use instead, with the options that ask for the same load. */
export const otherGenerators: readonly OtherGenerator[] = [
  {
    name: 'stock autocannon',
    run: ({ url, body, requestsPerSecond, seconds }) =>
      autocannonAt({ url, body, overallRate: requestsPerSecond, duration: seconds }),
  },
  {
    name: 'stock autocannon, its correction off',
    run: ({ url, body, requestsPerSecond, seconds }) =>
      autocannonAt({
        ...{ url, body, overallRate: requestsPerSecond, duration: seconds },
        ignoreCoordinatedOmission: true,
      }),
  },
  {
    name: 'loadtest',
    run: async ({ url, body, requestsPerSecond, seconds }) => {
      const options = {
        ...{ url, body, requestsPerSecond, maxSeconds: seconds, method: 'POST' as const },
        ...{ contentType: 'application/json', concurrency: 32, agentKeepAlive: true, quiet: true },
      }
      // Its types still describe the callback that it takes no more.
      const run = loadTest as unknown as (options: object) => Promise<LoadTestResult>
      const { totalRequests, percentiles } = await run(options)
      return {
        requests: totalRequests,
        p50Seconds: seconds1000(percentiles['50']),
        p95Seconds: seconds1000(percentiles['95']),
      }
    },
  },
]

async function autocannonAt(options: object): Promise<Reported> {
  const { latency } = await stock({ ...options, method: 'POST', headers, connections: 5 })
  // It knows no p95; 97.5 is the nearest above.
  return {
    requests: latency.totalCount,
    p50Seconds: seconds1000(latency.p50),
    p95Seconds: seconds1000(latency.p97_5),
  }
}

function seconds1000(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000
}
