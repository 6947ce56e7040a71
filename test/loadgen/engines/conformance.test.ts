import { afterEach, describe, expect, test } from 'vitest'
import { engines } from '../../../loadgen/engines/index.ts'
import { lagSecondsOf, responseSecondsOf, sorted } from '../../../loadgen/measure/latency.ts'
import { percentile } from '../../../loadgen/measure/percentile.ts'
import { FixtureServer, type Behaviour, type FixtureOptions } from '../fixture-server.ts'
import { replayWith, steady } from '../replay.ts'

/** k6 brings its own connections; k6.long.test.ts says what must hold of it. */
const ours = engines.filter(({ name }) => name !== 'k6')

/** What every engine must do, whatever carries its requests. What must happen when is in the timing suite. */
describe.each(ours)('$name', (engine) => {
  let server: FixtureServer
  afterEach(() => server.stop())
  const start = async (options: FixtureOptions) => {
    server = await FixtureServer.start(options)
    return server.url
  }
  /** The n-th request of the plan behaves so, all others are answered. */
  const only = (n: number, behaviour: Behaviour) => (request: number) =>
    request === n ? behaviour : 'answer'
  const fast = { profile: steady(50), seconds: 0.4, warmUp: [] }

  test('sends every item of the plan once, with its own body and trace', async () => {
    const { observations } = await replayWith(engine, await start({}), {
      ...fast,
      endpoint: { origin: server.url, path: '/rerank', headers: { authorization: 'Basic eA==' } },
    })
    expect(observations.map(({ index }) => index)).toEqual([...Array(20).keys()])
    expect(observations.every(({ outcome, status }) => outcome === 'ok' && status === 200)).toBe(
      true,
    )
    expect(new Set(server.arrivals.map(({ query }) => query)).size).toBe(20)
    expect(server.arrivals.map(({ documents }) => documents)).toEqual(Array(20).fill(10))
    expect(server.arrivals.map(({ authorization }) => authorization)).toEqual(
      Array(20).fill('Basic eA=='),
    )
    expect(server.arrivals.map(({ traceparent }) => traceparent?.slice(19, 35)).sort()).toEqual(
      observations.map(({ index }) => index.toString(16).padStart(16, '0')),
    )
  })

  test('notes the times in order, and what the server says of itself', async () => {
    const { observations } = await replayWith(engine, await start({ latencySeconds: 0.02 }), fast)
    for (const {
      intendedSeconds,
      sentSeconds,
      firstByteSeconds,
      doneSeconds,
      server: phases,
    } of observations) {
      expect(sentSeconds).toBeGreaterThanOrEqual(intendedSeconds)
      expect(firstByteSeconds! - sentSeconds).toBeGreaterThanOrEqual(0.019)
      expect(doneSeconds).toBeGreaterThanOrEqual(firstByteSeconds!)
      expect(phases).toEqual({ queueSeconds: 0.007 })
    }
  })

  test('the warm-up is sent and not reported', async () => {
    const { observations, warmUp } = await replayWith(engine, await start({}), {
      profile: steady(50),
      seconds: 0.2,
    })
    expect(warmUp).toEqual({ requests: 5, succeeded: 5 })
    expect(server.arrivals).toHaveLength(15)
    expect(observations).toHaveLength(10)
  })

  test.each([
    ['drop', 'connection_lost', undefined],
    ['drop-mid-body', 'connection_lost', undefined],
    ['overloaded', 'rejected_429', 429],
    ['fail', 'server_error_5xx', 500],
    ['short', 'invalid_response', 200],
    ['garbage', 'invalid_response', 200],
    ['not-http', 'invalid_response', undefined],
    ['interim', 'ok', 200],
    ['twice', 'ok', 200],
    ['surplus', 'ok', 200],
  ] as const)(
    '%s: that request is %s, and no other notices',
    async (behaviour, outcome, status) => {
      const url = await start({ latencySeconds: 0.01, behaviourOf: only(3, behaviour) })
      const { observations } = await replayWith(engine, url, {
        profile: steady(20),
        seconds: 0.5,
        warmUp: [],
      })
      expect(observations.map((one) => one.outcome)).toEqual(
        Array.from({ length: 10 }, (_, at) => (at === 3 ? outcome : 'ok')),
      )
      expect(observations[3]?.status).toBe(status)
      expect(server.arrivals).toHaveLength(10)
      // A lost answer that shifted the later ones would add a whole period, 50 ms, to each.
      const later = sorted(observations.slice(4).map(responseSecondsOf))
      expect(percentile(later, 0.5)).toBeLessThan(0.045)
    },
  )

  test('a request without an answer is a timeout after the time waited, and is not sent again', async () => {
    const url = await start({ behaviourOf: only(3, 'silence') })
    const { observations } = await replayWith(engine, url, { ...fast, timeoutSeconds: 0.6 })
    expect(observations).toHaveLength(20)
    const lost = observations[3]!
    expect(lost.outcome).toBe('timeout')
    expect(lost.doneSeconds - lost.sentSeconds).toBeGreaterThanOrEqual(0.6)
    expect(lost.doneSeconds - lost.sentSeconds).toBeLessThan(1.2)
    expect(observations.filter(({ outcome }) => outcome === 'ok')).toHaveLength(19)
    expect(server.arrivals).toHaveLength(20)
  })

  test('characters that span two segments stay whole', async () => {
    const url = await start({ behaviourOf: () => 'bytewise' })
    const bodies: string[] = []
    const { observations } = await replayWith(engine, url, {
      ...fast,
      judge: ({ body }) => {
        bodies.push(body)
        return { outcome: 'ok' }
      },
    })
    expect(observations).toHaveLength(20)
    for (const body of bodies) {
      expect(body).not.toContain('\uFFFD')
      expect((JSON.parse(body) as { text: string }[]).map(({ text }) => text)).toEqual(
        Array(10).fill('重排序'),
      )
    }
  })

  test('a connection that the server says it will close is not used again', async () => {
    const url = await start({ behaviourOf: () => 'close' })
    const { observations } = await replayWith(engine, url, fast)
    expect(observations.map(({ outcome }) => outcome)).toEqual(Array(20).fill('ok'))
    expect(server.connections).toBe(20)
  })

  test('an answer too many is nobody’s, even when requests wait for their turn', async () => {
    const url = await start({
      latencySeconds: 0.05,
      behaviourOf: (request) => (request % 2 === 0 ? 'twice' : 'fail'),
    })
    const { observations } = await replayWith(engine, url, { ...fast, maximumInFlight: 1 })
    expect(observations.map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? 'ok' : 'server_error_5xx')),
    )
    expect(server.arrivals).toHaveLength(20)
  })

  test('a server that is kept up with is asked over one connection', async () => {
    await replayWith(engine, await start({}), { profile: steady(10), seconds: 0.6, warmUp: [] })
    expect(server.connections).toBe(1)
  })

  test('connections that the server closed while idle cost no request', async () => {
    const url = await start({ keepAliveSeconds: 0.3 })
    const { observations } = await replayWith(engine, url, {
      profile: steady(0.5),
      seconds: 4,
      warmUp: [],
    })
    expect(observations.map(({ outcome }) => outcome)).toEqual(['ok', 'ok'])
  })

  test('idle for longer than the timeout: nothing times out, nothing reconnects', async () => {
    const { observations } = await replayWith(engine, await start({}), {
      profile: steady(1),
      seconds: 3,
      timeoutSeconds: 0.5,
      warmUp: [],
    })
    expect(observations.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
    expect(server.connections).toBe(1)
  })

  test('a refused connection: one attempt a request, each counted', async () => {
    const url = await start({})
    await server.stop()
    const { observations, warmUp } = await replayWith(engine, url, {
      profile: steady(50),
      seconds: 0.4,
    })
    expect(observations.map(({ outcome }) => outcome)).toEqual(Array(20).fill('connect_error'))
    expect(observations.every((one) => one.doneSeconds - one.sentSeconds < 0.5)).toBe(true)
    expect(warmUp).toEqual({ requests: 5, succeeded: 0 })
  })

  test('beyond the limit of requests in flight others wait, and are counted', async () => {
    const url = await start({ latencySeconds: 0.1 })
    const { observations, delayedByLimit } = await replayWith(engine, url, {
      ...fast,
      maximumInFlight: 2,
    })
    expect(observations).toHaveLength(20)
    expect(delayedByLimit).toBeGreaterThan(10)
    expect(Math.max(...observations.map(lagSecondsOf))).toBeGreaterThan(0.3)
  })

  test('aborted: sends nothing more, waits for what it may, counts the rest', async () => {
    const url = await start({ behaviourOf: only(2, 'silence') })
    const controller = new AbortController()
    const began = performance.now()
    const { observations, unsent, unfinished } = await replayWith(engine, url, {
      profile: steady(20),
      seconds: 60,
      warmUp: [],
      drainSeconds: 0.3,
      signal: controller.signal,
      onSent: ({ index }) => {
        if (index === 4) controller.abort()
      },
    })
    expect(performance.now() - began).toBeLessThan(5000)
    expect(observations.map(({ index }) => index)).toEqual([0, 1, 3, 4])
    expect({ unsent, unfinished }).toEqual({ unsent: 1195, unfinished: 1 })
  })

  test('a server that reads slowly delays its own request alone, which counts as sent when it began to be', async () => {
    // Far more than the kernels on both sides take while nobody reads.
    const padding = Buffer.alloc(16 * 1024 * 1024, ' ')
    const url = await start({ readDelayOf: (index) => (index === 2 ? 0.5 : 0) })
    const composed = new Map<number, Buffer>()
    const { observations } = await replayWith(engine, url, {
      profile: steady(20),
      seconds: 0.5,
      warmUp: [],
      padded: (item, body) => {
        const whole = item.index === 2 ? Buffer.concat([body, padding]) : body
        composed.set(item.index, whole)
        return whole
      },
    })
    expect(observations.map(({ outcome }) => outcome)).toEqual(Array(10).fill('ok'))
    expect(composed.get(2)!.length).toBeGreaterThan(16e6)
    const slow = observations[2]!
    expect(slow.doneSeconds - slow.sentSeconds).toBeGreaterThanOrEqual(0.5)
    // The seven after it were due, sent and answered while it was still unread.
    for (const later of observations.slice(3, 9)) {
      expect(later.doneSeconds).toBeLessThan(slow.doneSeconds)
    }
  })

  test('leaves no connection open', async () => {
    await replayWith(engine, await start({}), fast)
    await expect.poll(() => server.openConnections, { timeout: 2000 }).toBe(0)
  })
})
