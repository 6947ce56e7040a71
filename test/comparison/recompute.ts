import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a reader with nothing but the files of a comparison computes: written apart from the program,
 * from the documents' own words, so that the two can disagree.
 */
interface Line {
  readonly intendedSeconds: number
  readonly sentSeconds: number
  readonly doneSeconds: number
  readonly documents: number
  readonly outcome: string
  readonly computedTokens?: number
}

export interface Reading {
  readonly p95Seconds: number
  readonly pairsPerSecond: number
  readonly queriesPerSecond: number
  readonly tokensPerSecond: number
}

/** `periodSeconds`: the mean time between two batches of a schedule; 0 for a load without one. */
export function readingOf(cell: string, periodSeconds = 0): Reading {
  const lines = linesOf<Line>(join(cell, 'observations.ndjson'))
  const answered = lines.filter(({ outcome }) => outcome === 'ok')
  const counted = lines.filter(({ outcome }) => outcome === 'ok' || outcome === 'timeout')
  const took = counted.map(({ doneSeconds, sentSeconds, intendedSeconds }) =>
    periodSeconds === 0 ? doneSeconds - sentSeconds : doneSeconds - intendedSeconds,
  )
  const span = Math.max(
    ...lines.map(({ intendedSeconds, doneSeconds }) =>
      Math.max(doneSeconds, intendedSeconds + periodSeconds),
    ),
  )
  const sum = (of: (line: Line) => number) => answered.reduce((all, line) => all + of(line), 0)
  return {
    p95Seconds: quantile(took, 0.95),
    pairsPerSecond: sum(({ documents }) => documents) / span,
    queriesPerSecond: answered.length / span,
    tokensPerSecond: sum(({ computedTokens = NaN }) => computedTokens) / span,
  }
}

/** nDCG@10 and MRR of a `quality.ndjson`. */
export function gradesOf(cell: string): { readonly ndcg10: number; readonly mrr: number } {
  const queries = linesOf<{ answered: number[]; relevantGain: number }>(
    join(cell, 'quality.ndjson'),
  ).filter(({ answered, relevantGain }) => {
    const best = Math.max(...answered)
    return best >= relevantGain && Math.min(...answered) < best
  })
  const gained = (gains: readonly number[]) => {
    let all = 0
    for (let place = 1; place <= Math.min(10, gains.length); place += 1) {
      all += gains[place - 1]! / Math.log2(place + 1)
    }
    return all
  }
  const ndcg = queries.map(
    ({ answered }) => gained(answered) / gained([...answered].sort((a, b) => b - a)),
  )
  const ranks = queries.map(
    ({ answered, relevantGain }) => 1 / (1 + answered.findIndex((gain) => gain >= relevantGain)),
  )
  return { ndcg10: meanOf(ndcg), mrr: meanOf(ranks) }
}

/** The most memory that any look at the devices saw. */
export function mostMemoryOf(cell: string): number {
  const looks = linesOf<{ atSeconds: number; devices: { memoryUsedBytes?: number }[] }>(
    join(cell, 'telemetry.ndjson'),
  )
  const { steady } = JSON.parse(readFileSync(join(cell, 'run.json'), 'utf8')) as {
    steady: { startSeconds: number; endSeconds: number }
  }
  return Math.max(
    ...looks
      .filter(({ atSeconds }) => atSeconds >= steady.startSeconds && atSeconds <= steady.endSeconds)
      .flatMap(({ devices }) => devices.map(({ memoryUsedBytes = 0 }) => memoryUsedBytes)),
  )
}

export function medianOf(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function linesOf<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

function quantile(values: readonly number[], q: number): number {
  const rising = [...values].sort((a, b) => a - b)
  const place = (rising.length - 1) * q
  const [low, high] = [rising[Math.floor(place)]!, rising[Math.ceil(place)]!]
  return low + (high - low) * (place - Math.floor(place))
}

function meanOf(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0) / values.length
}
