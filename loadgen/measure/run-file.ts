import { z } from 'zod'
import { guidanceStates } from '../../core/guidance.ts'
import { outcomes } from '../../core/observation.ts'
import { sloResultSchema } from './slo.ts'

const seconds = z.number().min(0)
/** Null: too few samples, or none. `notes` says which. */
const figure = seconds.nullable()
const lengthSpread = z.object({
  mean: z.number(),
  p50: z.number(),
  p95: z.number(),
  max: z.number(),
})
const range = z.object({ from: z.number().int(), to: z.number().int() })
const spread = z.object({ mean: figure, min: figure, max: figure, p5: figure, p95: figure })

/** How requests were sent: by a schedule, or so many on their way at all times. */
export const modes = ['open', 'saturate'] as const

/**
 * `run.json`, schema `rerankscope.run/1`: keys may be added, these stay. Durations are seconds from
 * one monotonic clock.
 */
export const summarySchema = z.object({
  schema: z.literal('rerankscope.run/1'),
  /** Absent: `open`. */
  mode: z.enum(modes).optional(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  target: z.object({
    /** Without credentials. */
    url: z.string(),
    dialect: z.string(),
    server: z.string().nullable(),
    model: z.string().nullable(),
  }),
  profile: z.object({
    name: z.string(),
    /** Asked for; of a saturated run what was sent, for there the target sets the rate. */
    queriesPerSecond: z.number().positive(),
    queriesPerBatch: z.number().int().positive(),
    /** Smallest and largest. */
    documentsPerQuery: z.tuple([z.number().int().positive(), z.number().int().positive()]),
    documentCounts: z.array(z.number().int().positive()),
    arrivals: z.string(),
    seconds: z.number().positive(),
    seed: z.number(),
  }),
  engine: z.object({
    name: z.string(),
    version: z.string(),
    /** Absent where the engine was not started by us. */
    timeoutSeconds: seconds.optional(),
    maximumInFlight: z.number().int(),
    /** Requests sent late because so many others were waiting. */
    delayedByLimit: z.number().int(),
    /** Requests sent before the run and left out of it. */
    warmUp: z.object({ requests: z.number().int(), succeeded: z.number().int() }),
    /** Of the generator itself, beyond the 10 ms between two looks. */
    eventLoopDelaySeconds: z.object({ p99: seconds, max: seconds }).optional(),
    /** Trace ids of the run's requests are this and the request's index, as 16 hexadecimal digits. */
    traceIdPrefix: z.string().optional(),
  }),
  dataset: z.object({
    name: z.string(),
    queries: z.number().int(),
    fillShare: z.number(),
    repeatShare: z.number(),
    droppedCandidates: z.number().int().optional(),
    /** What was sent, by length; a text counts as often as it was sent. */
    lengths: z
      .object({
        queryCharacters: lengthSpread,
        documentCharacters: lengthSpread,
        /** Null: no tokenizer was at hand. */
        tokens: z
          .object({
            tokenizer: z.string(),
            pairTokens: lengthSpread,
            limit: z.number().int().nullable(),
            truncatedShare: z.number().nullable(),
            /** The target's model, for which the tokenizer was found; absent: it was named. */
            foundFor: z.string().optional(),
            /** Absent: all of them. */
            countedRequests: z.number().int().optional(),
          })
          .nullable(),
        /** Why not, where a tokenizer was looked for. */
        tokensMissing: z.string().optional(),
      })
      .optional(),
  }),
  validity: z.object({
    valid: z.boolean(),
    reasons: z.array(z.string()),
    /** Queries a second. */
    requestedRate: z.number(),
    achievedRate: z.number().nullable(),
    dispatchLagSeconds: z.object({ p50: figure, p95: figure, p99: figure, max: figure }),
  }),
  totals: z.object({
    planned: z.number().int(),
    /** Sent, with a known end. */
    requests: z.number().int(),
    succeeded: z.number().int(),
    failed: z.number().int(),
    byOutcome: z.partialRecord(z.enum(outcomes), z.number().int()),
    /** Pairs of succeeded requests. */
    pairs: z.number().int(),
    pairsOffered: z.number().int(),
    /** Of the plan, not sent or given up because the run was interrupted. */
    unsent: z.number().int(),
    unfinished: z.number().int(),
  }),
  /** Succeeded requests over `spanSeconds`: from the first intended time to the end of the schedule or the last answer, whichever is later. */
  throughput: z.object({
    spanSeconds: seconds,
    requestsPerSecond: z.number(),
    queriesPerSecond: z.number(),
    pairsPerSecond: z.number(),
    /** Null: neither the server nor a tokenizer counted those of every request. */
    tokensPerSecond: figure.default(null),
    tokensCountedBy: z.enum(['server', 'tokenizer']).nullable().default(null),
  }),
  /**
   * The part of the run between warm-up and drain, in seconds since the first intended instant, and
   * what was answered with success in it. GPU figures and `pairsPerJoule` are of this window.
   */
  steady: z
    .object({
      startSeconds: seconds,
      endSeconds: seconds,
      requests: z.number().int(),
      pairs: z.number().int(),
      pairsPerSecond: z.number(),
    })
    .optional(),
  /** Of a saturated run alone. */
  saturation: z
    .object({
      /** Requests that were to be on their way at all times. */
      concurrency: z.number().int().positive(),
      /** How long requests were sent. */
      lastedSeconds: seconds,
      /** That were, over that time: fewer when requests fail, or when the generator is the slower one. */
      meanInFlight: seconds,
      /** Pairs answered in each whole second of it. */
      pairsEachSecond: spread,
    })
    .optional(),
  /** Over succeeded requests and timeouts, the latter with the time waited. */
  latencySeconds: z.object({
    samples: z.number().int(),
    /** From the intended time; null in a saturated run, which has no intended times. */
    response: z.object({
      p50: figure,
      p90: figure,
      p95: figure,
      /** Null below 459 samples: so few say nothing of so rare a value. */
      p99: figure,
      max: figure,
      mean: figure,
      p95Interval: z.tuple([seconds, seconds]).nullable(),
      /** 0.95 where there are samples enough, less where the interval ends at the extremes. */
      p95IntervalConfidence: z.number().min(0).max(1).nullable(),
    }),
    /** From the send. */
    service: z.object({
      p50: figure,
      p90: figure,
      p95: figure,
      p99: figure,
      max: figure,
      mean: figure,
    }),
    /** From the first intended time of a batch to its last answer; null when a batch is one request. */
    batch: z.object({ p50: figure, p95: figure }).nullable(),
    /** What the server says of itself, the medians; null where it says nothing. */
    server: z.object({
      totalSeconds: figure,
      tokeniseSeconds: figure,
      queueSeconds: figure,
      inferSeconds: figure,
    }),
  }),
  byShape: z.array(
    z.object({
      documents: z.number().int(),
      requests: z.number().int(),
      responseSeconds: z.object({ p50: figure, p95: figure }),
    }),
  ),
  /** Response times by documents a query and length of a document; null: no length is known. */
  byShapeAndLength: z
    .object({
      /** `tokens`: those that the profile asked for; `characters`: the mean of the request's documents. */
      lengthUnit: z.enum(['tokens', 'characters']),
      /** Both ends of a range belong to it. Combinations that no request had are left out. */
      cells: z.array(
        z.object({
          documents: range,
          length: range,
          requests: z.number().int(),
          responseSeconds: z.object({ p50: figure, p95: figure }),
        }),
      ),
    })
    .nullable()
    .default(null),
  /** Null: none was named. */
  sidecar: z
    .object({
      url: z.string(),
      /** Looks that got no snapshot, and why the last of them did not. */
      failures: z.number().int(),
      reason: z.string(),
    })
    .nullable(),
  gpu: z
    .object({
      source: z.string(),
      /** Of the steady window, as far as the sidecar observed it. */
      observedSeconds: seconds,
      devices: z.array(
        z.object({
          uuid: z.string(),
          name: z.string(),
          utilizationPercent: spread,
          memoryUsedBytes: z.object({ mean: figure, max: figure }),
          energyJoules: figure,
        }),
      ),
    })
    .nullable(),
  efficiency: z.object({ pairsPerSecondPerGb: figure, pairsPerJoule: figure }),
  guidance: z.object({
    state: z.enum(guidanceStates),
    reasons: z.array(z.string()),
    recommendation: z.string(),
  }),
  /** Answered scores against those expected; absent: none were. */
  scores: z
    .object({
      tolerance: z.number(),
      comparedPairs: z.number().int(),
      unknownPairs: z.number().int(),
      wrongPairs: z.number().int(),
      maximumDifference: z.number().nullable(),
    })
    .optional(),
  /** Thresholds that were asked for. */
  slo: z.array(sloResultSchema),
  /** What a reader must know about the figures, a sentence each. */
  notes: z.array(z.string()),
  /** The run as it went, a point a second; steps are longer where that were more than 600. */
  series: z
    .object({
      stepSeconds: seconds,
      points: z.array(
        z.object({
          /** Beginning of the step. */
          atSeconds: seconds,
          /** By the intended instant, as are the latencies. */
          offeredQueriesPerSecond: z.number(),
          /** Succeeded, by their end. */
          achievedQueriesPerSecond: z.number(),
          /** Requests, by their end. */
          failed: z.number().int(),
          p50Seconds: figure,
          p95Seconds: figure,
          /** Requests sent and not ended, the mean over the step. */
          inFlight: z.number(),
        }),
      ),
    })
    .optional(),
})

/** One run, measured. */
export type Summary = z.infer<typeof summarySchema>
