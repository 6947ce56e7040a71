import { expect, test } from 'vitest'
import type { Observation } from '../../../core/observation.ts'
import { ProgressMeter, type Progress } from '../../../loadgen/measure/progress.ts'
import { FakeClock } from '../../sidecar/fake-clock.ts'

const request = (doneSeconds: number, given: Partial<Observation> = {}): Observation => ({
  ...{ index: 0, batch: 0, documents: 50, intendedSeconds: 0, sentSeconds: 0 },
  ...{ doneSeconds, outcome: 'ok', ...given },
})

async function toldAfter(
  seconds: number,
  plan: { offeredRate: number | undefined; periodSeconds: number | undefined },
  observations: readonly Observation[],
): Promise<Progress | undefined> {
  const clock = new FakeClock()
  const figures = { profile: 'high', scheduledSeconds: 30, planned: 75, ...plan }
  const meter = new ProgressMeter(figures, clock, () => undefined)
  const told: Progress[] = []
  meter.start(0, (progress) => told.push(progress))
  for (const observation of observations) {
    meter.sent()
    meter.observe(observation)
  }
  await clock.advance(seconds)
  await meter.stop()
  return told.at(-1)
}

test('a batch sent flattened counts its queries: 20/s offered is 20/s achieved', async () => {
  // Every 0.4 s one request of eight queries; at 1.7 s five of them are over.
  const five = Array.from({ length: 5 }, () => request(0.1, { queries: 8 }))
  expect(await toldAfter(1.7, { offeredRate: 20, periodSeconds: 0.4 }, five)).toMatchObject({
    ...{ sent: 5, ended: 5, failed: 0, offeredRate: 20 },
    achievedRate: expect.closeTo(20, 9) as number,
    pairsPerSecond: expect.closeTo(1000, 9) as number,
  })
})

test('what failed is not achieved; without a schedule rates are over the time that passed', async () => {
  const ended = [request(0.2), request(0.2), request(0.3, { outcome: 'rejected_429' })]
  const closed = { offeredRate: undefined, periodSeconds: undefined }
  const told = await toldAfter(1.7, closed, ended)
  expect(told).toMatchObject({ ended: 3, failed: 1, offeredRate: undefined })
  expect(told!.achievedRate).toBeCloseTo(2 / 1.7, 9)
  expect(told!.pairsPerSecond).toBeCloseTo(100 / 1.7, 9)
})
