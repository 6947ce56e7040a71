import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UtilizationHistory, UtilizationWindows } from '../../../sidecar/aggregate/utilization.ts'

test('the mean of any window of one GPU', () => {
  const history = new UtilizationHistory(1800, 1)
  for (let second = 0; second < 600; second += 1)
    history.add(second, second + 1, second < 540 ? 0.2 : 0.9)
  expect(history.window(60, 600)).toEqual({
    observedSeconds: 60,
    meanRatio: expect.closeTo(0.9, 9) as number,
  })
  expect(history.window(120, 600)).toEqual({
    observedSeconds: 120,
    meanRatio: expect.closeTo(0.55, 9) as number,
  })
  expect(history.window(300, 600).meanRatio).toBeCloseTo((240 * 0.2 + 60 * 0.9) / 300, 9)
  expect(history.window(1800, 600)).toMatchObject({ observedSeconds: 600 })
})

test('two GPUs: the mean over both, and time that both cover counts once', () => {
  const history = new UtilizationHistory(1800, 1)
  for (let second = 0; second < 10; second += 1) {
    history.add(second, second + 1, 1)
    history.add(second + 0.1, second + 1.1, 0.5)
  }
  const { meanRatio, observedSeconds } = history.window(20, 10.1)
  expect(meanRatio).toBeCloseTo(0.75, 9)
  expect(observedSeconds).toBeCloseTo(10.1, 9)
})

test('what was not observed is missing from the window, and nothing observed is unknown', () => {
  const history = new UtilizationHistory(1800, 1)
  expect(history.window(60, 100)).toEqual({ observedSeconds: 0, meanRatio: undefined })
  history.add(0, 10, 1)
  history.add(40, 50, 0.5)
  expect(history.window(60, 60)).toEqual({ observedSeconds: 20, meanRatio: 0.75 })
  expect(history.window(60, 1000)).toEqual({ observedSeconds: 0, meanRatio: undefined })
})

test('a ring that has gone round holds only what is young enough', () => {
  const history = new UtilizationHistory(60, 1)
  for (let second = 0; second < 1000; second += 1)
    history.add(second, second + 1, second < 940 ? 1 : 0.25)
  expect(history.window(60, 1000)).toEqual({ observedSeconds: 60, meanRatio: 0.25 })
})

test('random samples against the sum written out', () => {
  const step = fc.record({
    gap: fc.double({ min: 0.1, max: 4, noNaN: true }),
    ratio: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const history = new UtilizationHistory(2000, 0.25)
      let now = 3
      let busy = 0
      for (const { gap, ratio } of steps) {
        history.add(now, now + gap, ratio)
        now += gap
        busy += gap * ratio
      }
      const { meanRatio, observedSeconds } = history.window(now, now)
      expect(observedSeconds).toBeCloseTo(now - 3, 6)
      expect(meanRatio).toBeCloseTo(busy / (now - 3), 6)
    }),
  )
})

test('a window of days does not blur one of a minute beside it', () => {
  const minute = 60
  const windows = new UtilizationWindows([minute, 10 * 86_400], 1)
  for (let second = 0; second < 600; second += 1) {
    windows.add(second, second + 1, second < 540 ? 0 : 1)
  }
  expect(windows.window(minute, 600)).toEqual({ observedSeconds: minute, meanRatio: 1 })
  expect(windows.window(10 * 86_400, 600).meanRatio).toBeCloseTo(0.1, 6)
  expect(windows.window(7, 600)).toEqual({ observedSeconds: 0, meanRatio: undefined })
})
