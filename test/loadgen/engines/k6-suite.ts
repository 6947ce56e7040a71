import { afterEach, expect, test } from 'vitest'
import { engines } from '../../../loadgen/engines/index.ts'
import { FixtureServer, type Behaviour, type FixtureOptions } from '../fixture-server.ts'
import { replayWith, steady } from '../replay.ts'

export const k6 = engines.find(({ name }) => name === 'k6')!

/** What must hold of k6 with our script, the real one and the stand-in. */
export function k6Suite(program: string | undefined): void {
  let server: FixtureServer
  afterEach(() => server.stop())
  const start = async (options: FixtureOptions) => {
    server = await FixtureServer.start(options)
    return server.url
  }

  test('sends every item of the plan once, with its own body, trace and credentials', async () => {
    const url = await start({ latencySeconds: 0.02 })
    const { observations, warmUp, ...end } = await replayWith(k6, url, {
      program,
      profile: steady(50),
      seconds: 0.4,
      endpoint: { origin: url, path: '/rerank', headers: { authorization: 'Basic eA==' } },
    })
    expect(warmUp).toEqual({ requests: 5, succeeded: 5 })
    expect(end).toMatchObject({ unsent: 0, unfinished: 0, delayedByLimit: 0 })
    expect(observations.map(({ index }) => index)).toEqual([...Array(20).keys()])
    expect(observations.map(({ outcome, status }) => [outcome, status])).toEqual(
      Array(20).fill(['ok', 200]),
    )
    for (const { intendedSeconds, sentSeconds, firstByteSeconds, ...one } of observations) {
      expect(sentSeconds).toBeGreaterThanOrEqual(intendedSeconds)
      expect(firstByteSeconds! - sentSeconds).toBeGreaterThanOrEqual(0.019)
      expect(one.doneSeconds).toBeGreaterThanOrEqual(firstByteSeconds!)
      expect(one.server).toEqual({ queueSeconds: 0.007 })
    }
    expect(server.arrivals).toHaveLength(25)
    expect(new Set(server.arrivals.map(({ query }) => query)).size).toBe(25)
    expect(server.arrivals.map(({ documents }) => documents)).toEqual(Array(25).fill(10))
    expect(new Set(server.arrivals.map(({ authorization }) => authorization))).toEqual(
      new Set(['Basic eA==']),
    )
    const traces = server.arrivals.slice(5).map(({ traceparent }) => traceparent)
    expect(traces.sort()).toEqual(
      observations.map(({ index }) => {
        const hexadecimal = (number: number) => number.toString(16).padStart(16, '0')
        return `00-${'ab'.repeat(8)}${hexadecimal(index)}-${hexadecimal(index + 1)}-01`
      }),
    )
  })

  test('keeps the connections of all that were in flight at once', async () => {
    const url = await start({ latencySeconds: 0.2 })
    const { observations } = await replayWith(k6, url, {
      program,
      profile: steady(40),
      seconds: 0.6,
      // Twelve that overlap, none at the same instant: one virtual user sends them all. And again.
      instants: Array.from({ length: 24 }, (_, at) => (at < 12 ? 0 : 0.5) + (at % 12) * 0.002),
      warmUp: [],
    })
    expect(observations.map(({ outcome }) => outcome)).toEqual(Array(24).fill('ok'))
    expect(server.connections).toBe(12)
  })

  test('tells failures apart, and sends nothing again', async () => {
    const behaviours: readonly [Behaviour, string, number | undefined][] = [
      ['answer', 'ok', 200],
      ['drop', 'connection_lost', undefined],
      ['drop-mid-body', 'connection_lost', undefined],
      ['overloaded', 'rejected_429', 429],
      ['fail', 'server_error_5xx', 500],
      ['short', 'invalid_response', 200],
      ['garbage', 'invalid_response', 200],
      ['not-http', 'invalid_response', undefined],
      ['silence', 'timeout', undefined],
      ['bytewise', 'ok', 200],
    ]
    const url = await start({ behaviourOf: (index) => behaviours[index]![0] })
    const { observations } = await replayWith(k6, url, {
      program,
      profile: steady(20),
      seconds: 0.5,
      warmUp: [],
      timeoutSeconds: 0.7,
    })
    expect(observations.map(({ outcome, status }) => [outcome, status])).toEqual(
      behaviours.map(([, outcome, status]) => [outcome, status]),
    )
    expect(server.arrivals).toHaveLength(10)
    const lost = observations[8]!
    expect(lost.doneSeconds - lost.sentSeconds).toBeGreaterThanOrEqual(0.69)
  })

  test('a refused connection is a connect_error for each request', async () => {
    const url = await start({})
    await server.stop()
    const { observations } = await replayWith(k6, url, {
      program,
      profile: steady(20),
      seconds: 0.25,
      warmUp: [],
    })
    expect(observations.map(({ outcome }) => outcome)).toEqual(Array(5).fill('connect_error'))
  })

  test('aborted: sends nothing more, and counts what was never sent', async () => {
    const controller = new AbortController()
    const { observations, unsent, unfinished } = await replayWith(k6, await start({}), {
      program,
      profile: steady(20),
      seconds: 60,
      warmUp: [],
      signal: controller.signal,
      onObservation: ({ index }) => {
        if (index === 4) controller.abort()
      },
    })
    // onObservation is ours, so nothing is kept here.
    expect(observations).toEqual([])
    expect(unsent).toBeGreaterThan(1100)
    expect(unsent + unfinished + server.arrivals.length).toBeGreaterThanOrEqual(1200)
  })
}
