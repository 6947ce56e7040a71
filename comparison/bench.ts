import type { Bench } from './bench-file.ts'
import type { Cell, Visit } from './cells.ts'
import { choiceOf, decide, type Constraints } from './decision.ts'
import { figuresOf } from './figures.ts'
import type { Matrix } from './matrix.ts'
import { resultsOf, rowOf, type CellResult } from './results.ts'
import { scoresOf, weightsOf } from './score.ts'

/** More points than pixels show nothing more. */
const maximumPoints = 600

export interface BenchOptions {
  readonly matrix: Matrix
  readonly visits: readonly Visit[]
  /** Undefined for a cell that has not ended. */
  readonly find: (cell: Cell) => Omit<CellResult, 'cell'> | undefined
  /** By target, where its model is known. */
  readonly flopsPerToken: ReadonlyMap<string, (tokensPerPair: number) => number>
  readonly constraints: Constraints
  readonly targetRatio: number
  readonly version: string
}

/** Everything that is said of a comparison, from what its cells measured. Pure. */
export function benchOf(options: BenchOptions): Bench {
  const { matrix, visits, find, flopsPerToken, constraints, targetRatio, version } = options
  const byTarget = matrix.targets.map((target) => ({
    target,
    results: resultsOf(visits, target.name, find),
  }))
  const rows = byTarget.map(({ target, results }) =>
    rowOf(target, results, flopsPerToken.get(target.name)),
  )
  const weights = weightsOf(matrix.weights)
  const scores = scoresOf(rows.map(figuresOf), weights)
  const cells = visits.flatMap((visit) => visit.cells).map((cell) => stateOf(cell, find(cell)))
  const ended = byTarget.flatMap(({ results }) => results.map(({ record }) => record))
  return {
    schema: 'rerankscope.bench/1',
    ...{ name: matrix.name, version },
    startedAt: ended.map(({ startedAt }) => startedAt).sort()[0] ?? null,
    endedAt:
      ended
        .map(({ endedAt }) => endedAt)
        .sort()
        .at(-1) ?? null,
    complete: cells.every(({ state }) => state !== 'pending'),
    emulated: rows.some(({ source }) => source === 'emulated'),
    ...{ matrix, cells, rows, weights },
    scores: rows.flatMap(({ target }, at) => {
      const score = scores[at]
      return score === undefined ? [] : [{ target, ...score }]
    }),
    decision: decisionOf(),
    utilization: byTarget.flatMap(({ target, results }) => {
      const points = results.find(
        ({ cell, utilization = [] }) => cell.test === 'stability' && utilization.length > 0,
      )?.utilization
      return points === undefined ? [] : [{ target: target.name, points: thinned(points) }]
    }),
  }

  function decisionOf(): Bench['decision'] {
    if (Object.values(constraints).every((value) => value === undefined)) return null
    const targets = decide(rows, constraints, targetRatio)
    const choice = choiceOf(rows, scores, targets) ?? null
    return { constraints, targets: [...targets], choice }
  }
}

function stateOf(
  { id, target, test, round }: Cell,
  found: Omit<CellResult, 'cell'> | undefined,
): Bench['cells'][number] {
  const { state = 'pending', reason } = found?.record ?? {}
  return { id, target, test, round, state, ...(reason !== undefined && { reason }) }
}

function thinned(points: NonNullable<CellResult['utilization']>): [number, number][] {
  const step = Math.ceil(points.length / maximumPoints)
  return points.filter((_, at) => at % step === 0).map(([at, ratio]) => [at, ratio])
}
