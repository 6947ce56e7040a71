import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeObservation,
  encodeObservation,
  outcomes,
  type Observation,
} from '../../core/observation.ts'

const observation: Observation = {
  index: 3,
  batch: 0,
  documents: 50,
  intendedSeconds: 0.4,
  sentSeconds: 0.4001234,
  firstByteSeconds: 0.7,
  doneSeconds: 0.7012345678,
  outcome: 'ok',
  status: 200,
  server: { totalSeconds: 0.3 },
}

test('a line is compact JSON in microseconds', () => {
  expect(encodeObservation(observation)).toBe(
    '{"index":3,"batch":0,"documents":50,"intendedSeconds":0.4,"sentSeconds":0.400123,"firstByteSeconds":0.7,"doneSeconds":0.701235,"outcome":"ok","status":200,"server":{"totalSeconds":0.3}}',
  )
})

test('what was written is what is read, to the microsecond', () => {
  const microseconds = fc.integer({ min: 0, max: 1e10 }).map((count) => count / 1e6)
  fc.assert(
    fc.property(
      fc.record({
        index: fc.nat(),
        batch: fc.nat(),
        documents: fc.integer({ min: 1, max: 1000 }),
        intendedSeconds: microseconds,
        sentSeconds: microseconds,
        doneSeconds: microseconds,
        outcome: fc.constantFrom(...outcomes),
      }),
      (written) => {
        expect(decodeObservation(encodeObservation(written))).toEqual(written)
      },
    ),
  )
})

test.each([
  ['', 'not a line of JSON'],
  ['{"index":0', 'not a line of JSON'],
  ['{}', /^index: /],
  [encodeObservation(observation).replace('"ok"', '"fine"'), /^outcome: /],
  [encodeObservation(observation).replace('0.701235', '"late"'), /^doneSeconds: /],
])('%j is refused with its field', (line, message) => {
  expect(() => decodeObservation(line)).toThrow(message)
})
