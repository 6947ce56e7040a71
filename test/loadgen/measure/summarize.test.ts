import { expect, test } from 'vitest'
import type { Observation } from '../../../core/observation.ts'
import { summarySchema } from '../../../loadgen/measure/run-file.ts'
import { summarize, type RunFacts } from '../../../loadgen/measure/summarize.ts'
import type { TelemetrySample } from '../../../loadgen/measure/telemetry.ts'

const facts: RunFacts = {
  startedAt: '2026-11-22T10:00:00.000Z',
  endedAt: '2026-11-22T10:00:02.000Z',
  target: { url: 'http://127.0.0.1:1', dialect: 'tei', server: 'tei', model: 'm' },
  profile: {
    name: 'low',
    queriesPerSecond: 5,
    queriesPerBatch: 1,
    documentsPerQuery: [10, 50],
    documentCounts: [10, 50],
    arrivals: 'constant',
    seconds: 2,
    seed: 1,
  },
  engine: {
    name: 'autocannon',
    version: '9.0.0',
    timeoutSeconds: 60,
    maximumInFlight: 10,
    delayedByLimit: 0,
    warmUp: { requests: 5, succeeded: 5 },
    eventLoopDelaySeconds: { p99: 0, max: 0 },
    traceIdPrefix: '00',
  },
  dataset: { name: 'synthetic', queries: 500, fillShare: 0.4, repeatShare: 0 },
  sidecar: null,
  totals: { planned: 10, unsent: 0, unfinished: 0 },
  slo: [],
}

/** Ten requests at 5/s; request k takes 100 + 10·k ms from its send, which is 1 ms late. */
const observations: readonly Observation[] = Array.from({ length: 10 }, (_, k) => ({
  index: k,
  batch: k,
  documents: k % 2 === 0 ? 10 : 50,
  intendedSeconds: 0.2 * k,
  sentSeconds: 0.2 * k + 0.001,
  firstByteSeconds: 0.2 * k + 0.05,
  doneSeconds: 0.2 * k + 0.001 + 0.1 + 0.01 * k,
  outcome: 'ok',
  status: 200,
  server: { totalSeconds: 0.08, queueSeconds: 0.01 * k },
}))

const change = (at: number, changes: Partial<Observation>) =>
  observations.map((one, k) => (k === at ? { ...one, ...changes } : one))

test('the figures of a small run, worked out by hand', () => {
  const summary = summarize(facts, observations, [])
  expect(() => summarySchema.parse(summary)).not.toThrow()
  const { latencySeconds, throughput, totals, byShape, validity } = summary
  // Responses are 101, 111, …, 191 ms.
  expect(latencySeconds.response.p50).toBeCloseTo(0.146, 9)
  expect(latencySeconds.response.p90).toBeCloseTo(0.182, 9)
  expect(latencySeconds.response.p95).toBeCloseTo(0.1865, 9)
  expect(latencySeconds.response.max).toBeCloseTo(0.191, 9)
  expect(latencySeconds.service.p50).toBeCloseTo(0.145, 9)
  expect(latencySeconds.response.mean).toBeCloseTo(0.146, 9)
  expect(latencySeconds.response.p99).toBeNull()
  // Ten samples: it ends at the largest, below which p95 lies in 1 − 0.95^10 of all cases.
  expect(latencySeconds.response.p95Interval?.[1]).toBeCloseTo(0.191, 9)
  expect(latencySeconds.response.p95IntervalConfidence).toBeLessThan(1 - 0.95 ** 10)
  expect(latencySeconds.batch).toBeNull()
  expect(latencySeconds.server.queueSeconds).toBeCloseTo(0.045, 9)
  expect(latencySeconds.server.inferSeconds).toBeNull()
  // The schedule ends at 2.0 s; the last answer at 1.991 s.
  expect(throughput).toEqual({
    spanSeconds: expect.closeTo(2, 9) as number,
    requestsPerSecond: expect.closeTo(5, 9) as number,
    queriesPerSecond: expect.closeTo(5, 9) as number,
    pairsPerSecond: expect.closeTo(150, 9) as number,
    tokensPerSecond: null,
    tokensCountedBy: null,
  })
  expect(totals).toEqual({
    planned: 10,
    requests: 10,
    succeeded: 10,
    failed: 0,
    byOutcome: { ok: 10 },
    pairs: 300,
    pairsOffered: 300,
    unsent: 0,
    unfinished: 0,
  })
  expect(byShape.map(({ documents, requests }) => [documents, requests])).toEqual([
    [10, 5],
    [50, 5],
  ])
  expect(byShape[0]?.responseSeconds.p50).toBeCloseTo(0.141, 9)
  expect(validity.achievedRate).toBeCloseTo(5, 9)
  expect(validity.dispatchLagSeconds.p99).toBeCloseTo(0.001, 9)
  expect(validity).toMatchObject({ valid: true, reasons: [], requestedRate: 5 })
  expect(summary.gpu).toBeNull()
  expect(summary.efficiency).toEqual({ pairsPerSecondPerGb: null, pairsPerJoule: null })
  expect(summary.guidance.state).toBe('unknown')
})

test('every key that the contract promises is in the schema', () => {
  const summary = summarize(watched, observations, telemetry({ busy: 0.5 }))
  const promised = {
    target: ['url', 'dialect', 'server', 'model'],
    profile: [
      'name',
      'queriesPerSecond',
      'queriesPerBatch',
      'documentsPerQuery',
      'arrivals',
      'seconds',
      'seed',
    ],
    engine: ['name', 'version'],
    dataset: ['name', 'queries', 'fillShare'],
    validity: ['valid', 'reasons', 'requestedRate', 'achievedRate', 'dispatchLagSeconds'],
    totals: ['requests', 'succeeded', 'failed', 'byOutcome', 'pairs'],
    throughput: ['requestsPerSecond', 'queriesPerSecond', 'pairsPerSecond'],
    latencySeconds: ['response', 'service'],
    gpu: ['source', 'devices'],
    efficiency: ['pairsPerSecondPerGb', 'pairsPerJoule'],
    guidance: ['state', 'reasons', 'recommendation'],
  } as const
  for (const [part, keys] of Object.entries(promised)) {
    const value = summary[part as keyof typeof promised]
    expect(Object.keys(value ?? {}), part).toEqual(expect.arrayContaining([...keys]))
  }
})

test('a timeout counts as the time waited, a refusal only as a failure', () => {
  const waited = summarize(facts, change(9, { outcome: 'timeout', doneSeconds: 61.8 }), [])
  expect(waited.latencySeconds.response.max).toBeCloseTo(60, 9)
  expect(waited.totals).toMatchObject({ succeeded: 9, failed: 1, pairs: 250 })
  expect(waited.throughput.spanSeconds).toBeCloseTo(61.8, 9)

  const refused = summarize(facts, change(0, { outcome: 'rejected_429', doneSeconds: 0.002 }), [])
  expect(refused.latencySeconds).toMatchObject({ samples: 9 })
  expect(refused.latencySeconds.response.p50).toBeCloseTo(0.151, 9)
  expect(refused.totals.byOutcome).toEqual({ ok: 9, rejected_429: 1 })
  expect(refused.notes).toContain(
    '1 requests that failed at once (anything but a timeout) are not in the latencies',
  )
})

test('there is a p99 from 459 samples on; below, null and a note', () => {
  const many = (count: number) =>
    summarize(
      { ...facts, totals: { ...facts.totals, planned: count } },
      Array.from({ length: count }, (_, k) => ({
        ...observations[0]!,
        index: k,
        intendedSeconds: 0.2 * k,
        sentSeconds: 0.2 * k,
        doneSeconds: 0.2 * k + 0.1,
      })),
      [],
    )
  for (const [count, shown] of [
    [458, false],
    [459, true],
  ] as const) {
    const { latencySeconds, notes } = many(count)
    expect(latencySeconds.response.p99).toEqual(shown ? (expect.closeTo(0.1, 9) as number) : null)
    expect(latencySeconds.service.p99 === null).toBe(!shown)
    expect(latencySeconds.response.p95IntervalConfidence).toBeGreaterThanOrEqual(0.95)
    expect(notes.includes('there is no p99: it takes 459 samples, and this run has 458')).toBe(
      !shown,
    )
  }
})

test.each([
  [
    'late',
    observations.map((one) => ({ ...one, sentSeconds: one.intendedSeconds + 0.0123 })),
    {},
    'the generator could not keep its schedule: p99 of the dispatch lag is 12.3 ms, allowed are 10.0 ms',
  ],
  [
    'too slow',
    observations.map((one) => ({ ...one, sentSeconds: one.intendedSeconds * 1.05 })),
    {},
    /^4\.7\d queries\/s were sent instead of 5 \(−4\.\d %\)$/,
  ],
  [
    'interrupted',
    observations.slice(0, 5),
    { totals: { planned: 10, unsent: 4, unfinished: 1 } },
    'the run was interrupted: of 10 requests 4 were never sent and 1 were given up unanswered',
  ],
  [
    'out of connections',
    observations,
    { engine: { ...facts.engine, delayedByLimit: 3 } },
    '3 requests were sent late because 10 others, as many as the generator allows, were still waiting',
  ],
  ['empty', [], {}, 'no request was sent'],
] as const)('a run whose generator was %s is INVALID', (_, seen, changes, reason) => {
  const { validity } = summarize({ ...facts, ...changes }, seen, [])
  expect(validity.valid).toBe(false)
  expect(validity.reasons).toContainEqual(
    typeof reason === 'string' ? reason : expect.stringMatching(reason),
  )
})

test('a batch is as slow as its slowest request', () => {
  const batched = observations.map((one, k) => ({
    ...one,
    batch: Math.floor(k / 5),
    intendedSeconds: 0,
  }))
  const { batch } = summarize(facts, batched, []).latencySeconds
  const slowest = [batched[4]!.doneSeconds, batched[9]!.doneSeconds]
  expect(batch?.p50).toBeCloseTo((slowest[0]! + slowest[1]!) / 2, 9)
})

test('a batch whose requests came one after another lasts from the first to the last answer', () => {
  const batched = [
    { ...observations[0]!, batch: 0, intendedSeconds: 1, doneSeconds: 1.5 },
    { ...observations[1]!, batch: 0, intendedSeconds: 2, doneSeconds: 2.25 },
  ]
  expect(summarize(facts, batched, []).latencySeconds.batch).toEqual({ p50: 1.25, p95: 1.25 })
})

/** A look a second for three seconds; `busy` of each second. */
function telemetry({ busy = 0.5, frozen = false, memory = 2e9 } = {}): TelemetrySample[] {
  return [0, 1, 2, 3].map((second) => ({
    atSeconds: second - 0.2,
    takenAtSeconds: frozen ? 1000 : 1000 + second,
    devices: [
      {
        uuid: 'GPU-a',
        name: 'H100',
        kind: 'nvidia',
        measurable: true,
        utilizationRatio: busy + (second - 1.5) * 0.1,
        memoryUsedBytes: memory,
        busySeconds: 40 + busy * second,
        observedSeconds: 100 + second,
        energyJoules: 5000 + 100 * second,
      },
    ],
    queuePairs: second,
  }))
}
const watched = { ...facts, sidecar: { url: 'http://127.0.0.1:2', failures: 0, reason: '' } }

test('GPU figures: means from the integrals, extremes from the looks, of the steady window alone', () => {
  const { gpu, efficiency, guidance, steady, notes } = summarize(
    watched,
    observations,
    telemetry({ busy: 0.9 }),
  )
  // A tenth of two seconds to settle; all but the first answer, at 0.101 s, come in the window.
  expect(steady).toEqual({
    startSeconds: 0.2,
    endSeconds: 2,
    requests: 9,
    pairs: 290,
    pairsPerSecond: expect.closeTo(290 / 1.8, 9) as number,
  })
  expect(notes).toContain(
    'GPU figures and pairs/J are of the steady window, 200 ms to 2.00 s of the run',
  )
  // The looks at −0.2 s and 2.8 s lie outside; the integrals between them and the next ones count in part.
  expect(gpu).toMatchObject({
    source: 'nvidia-smi',
    observedSeconds: expect.closeTo(1.8, 9) as number,
  })
  const [device] = gpu!.devices
  expect(device).toMatchObject({
    uuid: 'GPU-a',
    name: 'H100',
    utilizationPercent: { mean: expect.closeTo(90, 9) as number, min: 85, max: 95 },
    memoryUsedBytes: { mean: 2e9, max: 2e9 },
    energyJoules: expect.closeTo(180, 9) as number,
  })
  expect(efficiency.pairsPerSecondPerGb).toBeCloseTo(75, 9)
  expect(efficiency.pairsPerJoule).toBeCloseTo(290 / 180, 9)
  expect(guidance.state).toBe('scale_out')
})

test('a restarted sidecar costs the step in which its counters fell, not the run', () => {
  const looks = telemetry({ busy: 0.5 })
  const restarted = looks.map((look, at) => ({
    ...look,
    devices: look.devices.map((device) =>
      at < 1 ? device : { ...device, busySeconds: 0.5 * (at - 1), observedSeconds: at - 1 },
    ),
  }))
  const { gpu } = summarize(watched, observations, restarted)
  expect(gpu).toMatchObject({ observedSeconds: expect.closeTo(1.2, 9) as number })
  expect(gpu?.devices[0]?.utilizationPercent.mean).toBeCloseTo(50, 9)
})

test.each([
  [
    'frozen',
    telemetry({ frozen: true }),
    0,
    'no GPU figures: the sidecar observed 0 µs of the 1.80 s of the steady window only',
  ],
  ['unreachable', [], 3, 'the sidecar did not answer 3 times: fetch failed'],
  [
    'blind',
    telemetry().map((look) => ({ ...look, devices: [] })),
    0,
    'no GPU figures: the sidecar sees no GPU',
  ],
])('a %s sidecar gives no GPU figures and a note, never zeros', (_, looks, failures, note) => {
  const sidecar = {
    url: 'http://127.0.0.1:2',
    failures,
    reason: failures > 0 ? 'fetch failed' : '',
  }
  const { gpu, efficiency, notes, guidance } = summarize({ ...facts, sidecar }, observations, looks)
  expect(gpu).toBeNull()
  expect(efficiency).toEqual({ pairsPerSecondPerGb: null, pairsPerJoule: null })
  expect(notes).toContain(note)
  expect(guidance.state).toBe('unknown')
})

test('a GPU that cannot measure utilisation has none', () => {
  const looks = telemetry().map((look) => ({
    ...look,
    devices: look.devices.map((device) => ({
      ...device,
      utilizationRatio: undefined,
      measurable: false,
    })),
  }))
  const { gpu, guidance } = summarize(watched, observations, looks)
  expect(gpu?.devices[0]?.utilizationPercent).toEqual({
    mean: null,
    min: null,
    max: null,
    p5: null,
    p95: null,
  })
  expect(guidance.state).toBe('unmeasurable')
})
