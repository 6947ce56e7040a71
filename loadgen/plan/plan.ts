import { usageError } from '../../core/errors.ts'
import type { Dataset } from '../dataset/dataset.ts'
import { Random } from '../dataset/random.ts'
import { Compiler } from './compiler.ts'
import { measured, type Lengths, type TokenOptions } from './lengths.ts'
import type { BatchForm, Profile } from './profile.ts'
import { scheduleOf, unscheduled } from './schedule.ts'
import { roughCounter, type TokenCounter } from './tokens.ts'

/** One request that is to be sent. */
export interface PlanItem {
  readonly index: number
  /** Requests of one batch share it and, but in recorded traffic, its intended time. */
  readonly batch: number
  /** Since the start of the run. */
  readonly intendedSeconds: number
  /** Documents a query. */
  readonly documents: number
  /** Queries in the request; absent is 1, more where a batch is sent flattened. */
  readonly queries?: number
  /** Of all documents, in UTF-16 code units. */
  readonly characters: number
  /** Tokens that each document was made to have, where the profile says so. */
  readonly documentTokens?: number
  /** That the target computes, over all pairs, what it cuts off left out; absent: no tokenizer. */
  readonly tokens?: number
  /** Positions in the plan's `texts`; for each query itself first, then its documents. */
  readonly texts: readonly number[]
}

/** Everything that a run will send, known before it starts. */
export interface Plan {
  readonly profile: Profile
  readonly seed: number
  readonly batchForm: BatchForm
  /** Absent: requests are sent by schedule. With it the items are gone through again and again. */
  readonly saturation?: { readonly concurrency: number }
  readonly scheduledSeconds: number
  /** Over the whole schedule; of what is gone through once where there is none. */
  readonly queriesPerSecond: number
  readonly batches: number
  /** The mean time between two batches. */
  readonly periodSeconds: number
  /** Every number of documents a query that occurs, rising. */
  readonly documentCounts: readonly number[]
  readonly items: readonly PlanItem[]
  /** Sent before the run and not counted: other queries, in groups of one batch. */
  readonly warmUp: readonly (readonly PlanItem[])[]
  /** The texts that items refer to, each once. */
  readonly texts: readonly string[]
  readonly dataset: {
    readonly name: string
    readonly queries: number
    /** The share of pairs whose document belongs to another query. */
    readonly fillShare: number
    /** The share of pairs that an earlier request of the run offered already: a cache can answer them. */
    readonly repeatShare: number
    /** Judged candidates beyond what a query may have, left out; absent is none. */
    readonly droppedCandidates?: number
    readonly lengths: Lengths
  }
}

export interface PlanOptions {
  /** Length of the schedule as it will be sent. */
  readonly seconds: number
  readonly seed: number
  readonly dataset: Dataset
  /** Stretches time: at 0.5 the same queries come in half of it. */
  readonly timeScale?: number | undefined
  /** Multiplies the rate. */
  readonly rateScale?: number | undefined
  readonly batchForm?: BatchForm | undefined
  readonly tokens?: TokenOptions | undefined
  /** Why there are none, where they were looked for. */
  readonly tokensMissing?: string | undefined
  /** Requests that are kept on their way; without it requests are sent by schedule. */
  readonly concurrency?: number | undefined
}

const warmUpLimits = { minimumRequests: 5, minimumBatches: 2 }

/**
 * Compiles a profile and a data set into requests. Pure: the same arguments give the same plan.
 * Every shape gets an equal share, shuffled within each round of shapes; queries follow a shuffled
 * order and come again only when all have been used.
 *
 * @throws UserError (usage) when there would be more requests than a run can hold, or the data set
 * is too small for one.
 */
export function planOf(profile: Profile, options: PlanOptions): Plan {
  const { seconds, seed, dataset, batchForm = 'burst' } = options
  if (batchForm === 'flattened' && profile.shapes === 'own') {
    throw usageError(
      `--batch-as flattened needs as many documents for every query, and the profile ${profile.name} takes each query's own.`,
    )
  }
  const { timeScale = 1, rateScale = 1, concurrency } = options
  const { due, scheduledSeconds } =
    concurrency === undefined
      ? scheduleOf(profile, { seconds, seed, timeScale, rateScale })
      : { due: unscheduled(profile, dataset.queries.length), scheduledSeconds: seconds }
  const compiler = new Compiler({
    ...{ profile, dataset, form: batchForm },
    random: new Random(seed, `plan/${profile.name}`),
    counter: textCounterOf(options.tokens),
  })
  const unmeasured = due.flatMap((instant, at) => compiler.batch(instant.batch ?? at, instant))
  const batches = new Set(due.map(({ batch }, at) => batch ?? at)).size
  const shares = compiler.shares()
  const warmUp = Array.from({ length: warmUpBatchesOf(profile) }, (_, batch) =>
    compiler.batch(batch, { ...due[batch % due.length], seconds: 0 }),
  )
  const { items, lengths } = measured(unmeasured, compiler.texts, options.tokens)
  const queries = items.reduce((sum, item) => sum + (item.queries ?? 1), 0)
  return {
    ...{ profile, seed, batchForm, scheduledSeconds, items, warmUp },
    ...(concurrency !== undefined && { saturation: { concurrency } }),
    // Binary fractions would make 19.999999999999996 of 20.
    queriesPerSecond: Number((queries / scheduledSeconds).toPrecision(9)),
    batches,
    periodSeconds: scheduledSeconds / batches,
    documentCounts: [...new Set(items.map(({ documents }) => documents))].sort((a, b) => a - b),
    texts: compiler.texts,
    dataset: {
      name: dataset.name,
      queries: dataset.queries.length,
      ...shares,
      ...(dataset.droppedCandidates !== undefined && {
        droppedCandidates: dataset.droppedCandidates,
      }),
      lengths: {
        ...lengths,
        ...(options.tokensMissing !== undefined && { tokensMissing: options.tokensMissing }),
      },
    },
  }
}

/** What was found on this machine only counts: texts of a length must be the same on every machine. */
function textCounterOf(tokens: TokenOptions | undefined): TokenCounter {
  return tokens === undefined || tokens.foundFor !== undefined ? roughCounter : tokens.counter
}

/** What an observation of an item repeats, so that it can be read without the plan. */
export function identityOf(item: PlanItem): Omit<PlanItem, 'texts'> {
  const { index, batch, intendedSeconds, documents, queries, characters } = item
  const { documentTokens, tokens } = item
  return {
    ...{ index, batch, intendedSeconds, documents, characters },
    ...(queries !== undefined && { queries }),
    ...(documentTokens !== undefined && { documentTokens }),
    ...(tokens !== undefined && { tokens }),
  }
}

function warmUpBatchesOf({ queriesPerBatch }: Profile): number {
  return Math.max(
    warmUpLimits.minimumBatches,
    Math.ceil(warmUpLimits.minimumRequests / queriesPerBatch),
  )
}
