import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { environmentError, messageOf, usageError } from '../core/errors.ts'
import type { RerankResult } from '../core/rerank.ts'
import { forEachLine, inputError } from './lines.ts'
import type { ScoreCheck } from './measure/response.ts'
import { queriesOf } from './plan/lengths.ts'
import type { Plan, PlanItem } from './plan/plan.ts'

const schemaName = 'rerankscope.scores/1'
/** About 200 MB of them. */
const maximumPairs = 2_000_000
export const defaultTolerance = 0.01

const header = z.object({ schema: z.literal(schemaName) })
const line = z.object({ pair: z.string().regex(/^[0-9a-f]{32}$/), score: z.number() })

export interface ScoreFigures {
  readonly tolerance: number
  readonly comparedPairs: number
  /** Answered, but not in the file. */
  readonly unknownPairs: number
  readonly wrongPairs: number
  /** Null: nothing was compared. */
  readonly maximumDifference: number | null
}

/**
 * Scores by pair of texts, known by their digests: a file of them holds no text, and holds for any
 * plan with these pairs, for a pair's score does not depend on what else is in its request.
 */
abstract class ByPair {
  readonly #texts: readonly string[]
  readonly #digests = new Map<number, string>()

  constructor({ texts }: Pick<Plan, 'texts'>) {
    this.#texts = texts
  }

  protected *pairsOf(
    item: PlanItem,
    results: readonly RerankResult[],
  ): Iterable<readonly [pair: string, score: number]> {
    for (const [at, [query = 0, ...documents]] of queriesOf(item).entries()) {
      for (const { index, score } of results[at]?.ranking ?? []) {
        yield [this.pairOf(query, documents[index] ?? 0), score]
      }
    }
  }

  protected pairOf(query: number, document: number): string {
    return this.#digestOf(query) + this.#digestOf(document)
  }

  #digestOf(at: number): string {
    const known = this.#digests.get(at)
    if (known !== undefined) return known
    const digest = createHash('sha256')
      .update(this.#texts[at] ?? '')
      .digest('hex')
      .slice(0, 16)
    this.#digests.set(at, digest)
    return digest
  }
}

/** Compares what the target answers with what it should. */
export class ScoreChecker extends ByPair {
  readonly #expected: ReadonlyMap<string, number>
  readonly #tolerance: number
  #compared = 0
  #unknown = 0
  #wrong = 0
  #maximum = 0

  constructor(plan: Plan, expected: ReadonlyMap<string, number>, tolerance: number) {
    super(plan)
    this.#expected = expected
    this.#tolerance = tolerance
  }

  /** @throws UserError (usage) when the file holds nothing of the plan: the comparison would say nothing. */
  requireOverlap(items: readonly PlanItem[], file: string): void {
    const known = items.some((item) =>
      queriesOf(item).some(([query = 0, ...documents]) =>
        documents.some((document) => this.#expected.has(this.pairOf(query, document))),
      ),
    )
    if (known) return
    throw usageError(
      `--expect-scores ${file} holds no pair of this run; write it with --write-scores on the same profile, data set and seed.`,
    )
  }

  readonly check: ScoreCheck = (item, results) => {
    let right = true
    for (const [pair, score] of this.pairsOf(item, results)) {
      const expected = this.#expected.get(pair)
      if (expected === undefined) {
        this.#unknown += 1
        continue
      }
      const difference = Math.abs(score - expected)
      this.#compared += 1
      this.#maximum = Math.max(this.#maximum, difference)
      if (difference <= this.#tolerance) continue
      this.#wrong += 1
      right = false
    }
    return right
  }

  figures(): ScoreFigures {
    return {
      tolerance: this.#tolerance,
      comparedPairs: this.#compared,
      unknownPairs: this.#unknown,
      wrongPairs: this.#wrong,
      maximumDifference: this.#compared === 0 ? null : this.#maximum,
    }
  }
}

/** Keeps what the target answers, for a later run to compare with. */
export class ScoreRecorder extends ByPair {
  readonly #scores = new Map<string, number>()

  readonly record: ScoreCheck = (item, results) => {
    for (const [pair, score] of this.pairsOf(item, results)) {
      if (this.#scores.size < maximumPairs) this.#scores.set(pair, score)
    }
    return true
  }

  /** @throws UserError (environment) when the file cannot be written. */
  async write(file: string): Promise<void> {
    const scores = this.#scores
    const lines = function* () {
      yield `${JSON.stringify({ schema: schemaName })}\n`
      for (const [pair, score] of scores) yield `${JSON.stringify({ pair, score })}\n`
    }
    try {
      await pipeline(Readable.from(lines()), createWriteStream(file))
    } catch (error) {
      throw environmentError(`--write-scores ${file} cannot be written: ${messageOf(error)}.`)
    }
  }
}

/** @throws UserError (usage) naming file, line and field of what cannot be understood. */
export async function readScores(file: string): Promise<ReadonlyMap<string, number>> {
  const scores = new Map<string, number>()
  await forEachLine(file, (bytes, number) => {
    if (bytes.length === 0) return
    const value = jsonOf(bytes)
    if (number === 1) {
      if (header.safeParse(value).success) return
      throw inputError(file, 1, `the first line must be {"schema":"${schemaName}"}`)
    }
    const parsed = line.safeParse(value)
    if (!parsed.success) {
      const field = parsed.error.issues[0]?.path.join('.') ?? ''
      throw inputError(file, number, field === '' ? 'is no {pair, score}' : `${field} is wrong`)
    }
    if (scores.size === maximumPairs) throw inputError(file, number, 'is one pair too many')
    scores.set(parsed.data.pair, parsed.data.score)
  })
  if (scores.size === 0) throw inputError(file, undefined, 'holds no score')
  return scores
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
