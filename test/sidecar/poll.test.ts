import { expect, test } from 'vitest'
import { Poll } from '../../sidecar/poll.ts'
import { FailedReading, type Reader, type Source } from '../../sidecar/sources/source.ts'
import { FakeClock } from './fake-clock.ts'

/** A source whose next readings a test writes; `open` counts, and `closed` counts. */
function scripted(
  pace: 'loop' | 'source',
  read: (call: number, signal: AbortSignal) => Promise<number>,
) {
  const seen = { opened: 0, closed: 0, calls: 0 }
  const source: Source<number> = {
    name: 'scripted',
    open: () => {
      seen.opened += 1
      const reader: Reader<number> = {
        pace,
        read: (signal) => read((seen.calls += 1), signal),
        close: () => {
          seen.closed += 1
        },
      }
      return Promise.resolve(reader)
    },
  }
  return { source, seen }
}

function started(source: Source<number>, intervalSeconds = 1) {
  const clock = new FakeClock(100)
  const readings: (readonly [number, number])[] = []
  const said: string[] = []
  const poll = new Poll({
    source,
    clock,
    intervalSeconds,
    onReading: (value, atSeconds) => readings.push([value, atSeconds]),
    onTurn: (sentence) => said.push(sentence),
  })
  const controller = new AbortController()
  const done = poll.run(controller.signal)
  const stop = async () => {
    controller.abort()
    await done
  }
  return { clock, poll, readings, said, stop }
}

const never = () => new Promise<number>(() => undefined)

test('reads on a grid of intervals, at once at the start', async () => {
  const { source } = scripted('loop', (call) => Promise.resolve(call))
  const { clock, readings, poll, stop } = started(source)
  expect(poll.attempts).toBe(0)
  expect(poll.health()).toMatchObject({ up: false, reason: 'no reading yet' })
  await clock.advance(2.5)
  expect(readings).toEqual([
    [1, 100],
    [2, 101],
    [3, 102],
  ])
  expect(poll.health()).toEqual({
    name: 'scripted',
    up: true,
    reason: undefined,
    durationSeconds: 0,
    lastSuccessSeconds: 1_800_000_102,
    restarts: 0,
    droppedLines: undefined,
  })
  await stop()
})

test('a slow reading is measured, and the ones after it keep the grid', async () => {
  const clock = new FakeClock()
  const times: number[] = []
  const { source } = scripted('loop', async (call) => {
    times.push(clock.monotonicSeconds())
    if (call === 2) await clock.sleep(1.6)
    return call
  })
  const poll = new Poll({ source, clock, intervalSeconds: 1, onReading: () => undefined })
  const controller = new AbortController()
  const done = poll.run(controller.signal)
  await clock.advance(2.7)
  expect(poll.health().durationSeconds).toBeCloseTo(1.6, 9)
  await clock.advance(2)
  expect(times.map((time) => Number(time.toFixed(6)))).toEqual([0, 1, 3, 4])
  controller.abort()
  await done
})

test('a source that goes down says so once, and once that it works again', async () => {
  let broken = true
  const { source } = scripted('loop', (call) =>
    broken ? Promise.reject(new Error('the cable is out.')) : Promise.resolve(call),
  )
  const { clock, said, stop } = started(source)
  await clock.advance(5)
  expect(said).toEqual(['the source scripted is down: the cable is out.'])
  broken = false
  await clock.advance(1)
  broken = true
  await clock.advance(2)
  // One or two failed readings are not yet a source that is down.
  expect(said.slice(1)).toEqual(['the source scripted works again.'])
  await clock.advance(2)
  expect(said.slice(2)).toEqual(['the source scripted is down: the cable is out.'])
  await stop()
})

test('a failing reading says why, stays up for three intervals, and is tried again', async () => {
  let broken = false
  const { source, seen } = scripted('loop', (call) =>
    broken ? Promise.reject(new Error('the cable is out.')) : Promise.resolve(call),
  )
  const { clock, poll, stop } = started(source)
  await clock.advance(1)
  broken = true
  await clock.advance(3)
  expect(poll.health()).toMatchObject({ up: true, reason: undefined })
  await clock.advance(0.1)
  expect(poll.health()).toMatchObject({ up: false, reason: 'the cable is out.', restarts: 0 })
  broken = false
  await clock.advance(1)
  expect(poll.health()).toMatchObject({ up: true, reason: undefined })
  expect(seen).toMatchObject({ opened: 1, closed: 0 })
  await stop()
  expect(seen.closed).toBe(1)
})

test('a reading that never comes is given up after three intervals, whatever the source does', async () => {
  const aborted: boolean[] = []
  const { source, seen } = scripted('source', (call, signal) => {
    if (call === 1) return Promise.resolve(1)
    signal.addEventListener('abort', () => aborted.push(true))
    return never()
  })
  const { clock, poll, stop } = started(source)
  await clock.advance(2.9)
  expect(poll.health().up).toBe(true)
  expect(seen.closed).toBe(0)
  await clock.advance(0.2)
  expect(poll.health()).toMatchObject({ up: false, reason: 'no reading within 3.00 s' })
  expect(seen).toMatchObject({ opened: 1, closed: 1 })
  expect(aborted).toEqual([true])
  await stop()
})

test('starts again later and later, up to a minute, and soon again after a success', async () => {
  const clock = new FakeClock()
  const openings: number[] = []
  let good = false
  const source: Source<number> = {
    name: 'scripted',
    open: () => {
      openings.push(clock.monotonicSeconds())
      let calls = 0
      return Promise.resolve({
        pace: 'source' as const,
        read: () => {
          calls += 1
          return good && calls === 1 ? Promise.resolve(1) : Promise.reject(new Error('died.'))
        },
        close: () => undefined,
      })
    },
  }
  const poll = new Poll({ source, clock, intervalSeconds: 1, onReading: () => undefined })
  const controller = new AbortController()
  const done = poll.run(controller.signal)
  await clock.advance(250)
  expect(openings).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
  expect(poll.health()).toMatchObject({ up: false, reason: 'died.', restarts: 9 })
  good = true
  await clock.advance(55)
  expect(openings.slice(10)).toEqual([303, 304, 305])
  controller.abort()
  await done
})

test('a source that cannot open says why; one that opens too late is closed', async () => {
  let open: (reader: Reader<number>) => void = () => undefined
  let closed = 0
  const source: Source<number> = {
    name: 'late',
    open: () => new Promise((resolve) => (open = resolve)),
  }
  const { clock, poll, stop } = started(source)
  await clock.advance(15.1)
  expect(poll.health()).toMatchObject({ up: false, reason: 'no reading within 15.00 s' })
  open({ pace: 'loop', read: never, close: () => (closed += 1) })
  await clock.advance(0)
  expect(closed).toBe(1)
  await stop()
})

test('the first reading of a source that starts slowly may take longer', async () => {
  const clock = new FakeClock()
  let calls = 0
  const source: Source<number> = {
    name: 'slow',
    open: () =>
      Promise.resolve({
        pace: 'source' as const,
        firstReadingSeconds: 10,
        read: async () => {
          calls += 1
          await clock.sleep(calls === 1 ? 9 : 1)
          return calls
        },
        close: () => undefined,
      }),
  }
  const poll = new Poll({ source, clock, intervalSeconds: 1, onReading: () => undefined })
  const controller = new AbortController()
  const done = poll.run(controller.signal)
  await clock.advance(8)
  expect(poll.health().up).toBe(false)
  await clock.advance(2)
  expect(poll.health()).toMatchObject({ up: true, restarts: 0, durationSeconds: 1 })
  controller.abort()
  await done
})

test('stops at once while a reading hangs', async () => {
  const { source, seen } = scripted('loop', never)
  const { clock, stop } = started(source)
  await clock.advance(0.5)
  await stop()
  expect(seen).toMatchObject({ opened: 1, closed: 1 })
})

test('a reading that failed and still told something is handed on, and the source is down', async () => {
  const { source } = scripted('source', () => Promise.reject(new FailedReading('one is lost', 7)))
  const { clock, readings, poll, stop } = started(source)
  await clock.advance(0)
  expect(readings).toEqual([[7, 100]])
  expect(poll.health()).toMatchObject({ up: false, reason: 'one is lost' })
  await stop()
})
