import { z } from 'zod'

/** A figure over the rounds: the median, and how far the rounds are apart. Null is unknown. */
const spread = z
  .object({ median: z.number(), min: z.number(), max: z.number(), rounds: z.number().int() })
  .nullable()
const text = z.string().nullable()
const figure = z.number().nullable()

const latency = z.object({ p50Seconds: spread, p95Seconds: spread })
const throughput = z.object({
  pairsPerSecond: spread,
  queriesPerSecond: spread,
  tokensPerSecond: spread,
  /** From the send where the target sets the rate, from the intended time in a profile. */
  p95Seconds: spread,
})

/** Everything that is said of one target. */
export const rowSchema = z.object({
  target: z.string(),
  /** The row of the article that it is set beside. */
  article: text,
  model: text,
  dtype: text,
  /** As its source names it; null where nobody looked at one. */
  device: text,
  /** `nvidia-smi`, `emulated`, …: where the device's figures come from. */
  source: text,
  memory: z.object({
    /**
     * `device`: what the device uses more than before; `device_whole`: all that it uses, for nobody saw
     * it before; `process`: main memory of the process, where there is no GPU.
     */
    of: z.enum(['device', 'device_whole', 'process']).nullable(),
    loadedBytes: spread,
    underLoadBytes: spread,
    /** Of its processes, as far as the driver tells. */
    processBytes: spread,
  }),
  latency: z.object({ 10: latency, 50: latency }),
  network: z.object({
    seconds: spread,
    /** `server`: what the server does not say it spent; `handshake`: one round trip, the least. */
    by: z.enum(['server', 'handshake']).nullable(),
  }),
  throughput: z.object({ 1: throughput, 4: throughput, 8: throughput }),
  stability: z.object({
    utilizationPercent: z.object({
      ...{ mean: spread, min: spread, max: spread, p5: spread, p95: spread },
    }),
    /** Of the pairs of each second: from the 5th to the 95th percentile, as a share of the mean. */
    pairsSwingRatio: spread,
  }),
  profiles: z.object({ low: throughput, high: throughput }),
  coldStartSeconds: spread,
  joulesPerPair: spread,
  pairsPerSecondPerGb: figure,
  /** In the currency of the price. */
  costPerMillionPairs: figure,
  plausibility: z.object({
    verdict: z.enum(['plausible', 'doubtful', 'impossible', 'not_checked']),
    shareOfPeak: figure,
    tokensPerPairAtMost: figure,
    reason: z.string(),
  }),
  quality: z.object({
    ndcg10: spread,
    mrr: spread,
    /** Of the candidates in the order in which they were sent. */
    chanceNdcg10: spread,
    queries: figure,
  }),
  /** Why a figure is missing or doubtful, a sentence each. */
  reasons: z.array(z.string()),
})

export type Row = z.infer<typeof rowSchema>
