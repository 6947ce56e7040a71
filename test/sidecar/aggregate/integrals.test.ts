import { expect, test } from 'vitest'
import { bandsOf, policy } from '../../../core/policy.ts'
import { integrate, noIntegrals, type Timed } from '../../../sidecar/aggregate/integrals.ts'
import { gpuSample } from '../samples.ts'

const bands = bandsOf(policy)
const [below = '', low = '', high = '', above = ''] = bands.map(({ name }) => name)
const [scaleIn, waste, scaleOut] = [policy.scaleIn, policy.waste, policy.scaleOut].map(
  ({ utilizationRatio }) => utilizationRatio,
) as [number, number, number]

function integralsOf(sequence: readonly Timed[]) {
  let integrals = noIntegrals(bands)
  let earlier: Timed | undefined
  for (const later of sequence) {
    integrals = integrate(integrals, earlier, later, { maximumGapSeconds: 3, bands })
    earlier = later
  }
  return integrals
}

const at = (atSeconds: number, changes: Parameters<typeof gpuSample>[0]): Timed => ({
  atSeconds,
  sample: gpuSample(changes),
})

test('busy, observed, energy and bands of a sequence worked out by hand', () => {
  const integrals = integralsOf([
    at(10, { utilizationRatio: 1, powerWatts: 100 }), // begins to count here
    at(11, { utilizationRatio: 0.25, powerWatts: 200 }), // 1 s: 0.25 busy, 150 J
    at(13, { utilizationRatio: 0.5, powerWatts: 300 }), // 2 s: 1.0 busy, 500 J
    at(14, { utilizationRatio: 0.75, powerWatts: 100 }), // 1 s: 0.75 busy, 200 J
    at(16, { utilizationRatio: 1, powerWatts: 100 }), // 2 s: 2.0 busy, 200 J
  ])
  expect(integrals).toEqual({
    busySeconds: 4,
    observedSeconds: 6,
    energyJoules: 1050,
    bandSeconds: { [below]: 1, [low]: 2, [high]: 1, [above]: 2 },
  })
})

test('a ratio on a line belongs to the band above it', () => {
  const integrals = integralsOf([
    at(0, { utilizationRatio: 0 }),
    at(1, { utilizationRatio: scaleIn }),
    at(2, { utilizationRatio: waste }),
    at(3, { utilizationRatio: scaleOut }),
    at(4, { utilizationRatio: 1 }),
  ])
  expect(integrals.bandSeconds).toEqual({ [below]: 0, [low]: 1, [high]: 1, [above]: 2 })
})

test('a gap of more than three intervals is unobserved, one of exactly three is not', () => {
  const integrals = integralsOf([
    at(0, { utilizationRatio: 1, powerWatts: 10 }),
    at(3, { utilizationRatio: 1, powerWatts: 10 }),
    at(6.5, { utilizationRatio: 1, powerWatts: 10 }),
    at(7.5, { utilizationRatio: 1, powerWatts: 10 }),
  ])
  expect(integrals).toMatchObject({ busySeconds: 4, observedSeconds: 4, energyJoules: 40 })
})

test('time without a known utilisation is in no band and is not observed', () => {
  const integrals = integralsOf([
    at(0, { utilizationRatio: 0.5 }),
    at(1, { utilizationRatio: undefined }),
    at(2, { utilizationRatio: 0.5 }),
    at(3, { utilizationRatio: 0.5 }),
  ])
  expect(integrals).toMatchObject({ busySeconds: 0.5, observedSeconds: 1 })
  expect(Object.values(integrals.bandSeconds).reduce((a, b) => a + b)).toBe(1)
})

test('energy is unknown until power was seen, and stands still while it is not', () => {
  expect(integralsOf([at(0, { powerWatts: undefined })]).energyJoules).toBeUndefined()
  expect(
    integralsOf([
      at(0, { powerWatts: 50 }),
      at(1, { powerWatts: 50 }),
      at(2, { powerWatts: undefined }),
      at(3, { powerWatts: 50 }),
    ]).energyJoules,
  ).toBe(50)
})

test('time that goes backwards adds nothing', () => {
  expect(integralsOf([at(5, {}), at(4, {})])).toMatchObject({ observedSeconds: 0, energyJoules: 0 })
})

test.each([5, 15, 30, 60])(
  'the increase of busy over that of observed is the exact utilisation, scraped every %i s',
  (everySeconds) => {
    // 40 s at 90 %, 80 s at 20 %: a gauge that is scraped now and then would see one or the other.
    const ratioAt = (second: number) => (second % 120 < 40 ? 0.9 : 0.2)
    let integrals = noIntegrals(bands)
    let earlier: Timed | undefined
    const scrapes: (typeof integrals)[] = []
    for (let second = 0; second <= 1200; second += 1) {
      // The sample of a second covers the second before it.
      const later = at(second, { utilizationRatio: ratioAt(second - 1) })
      integrals = integrate(integrals, earlier, later, { maximumGapSeconds: 3, bands })
      earlier = later
      if (second % everySeconds === 0) scrapes.push(integrals)
    }
    const [first, last] = [scrapes[0]!, scrapes.at(-1)!]
    const grown = last.observedSeconds - first.observedSeconds
    expect((last.busySeconds - first.busySeconds) / grown).toBeCloseTo(
      (40 * 0.9 + 80 * 0.2) / 120,
      9,
    )
    expect(last.bandSeconds[above]! / grown).toBeCloseTo(40 / 120, 9)
    expect(last.bandSeconds[below]! / grown).toBeCloseTo(80 / 120, 9)
  },
)
