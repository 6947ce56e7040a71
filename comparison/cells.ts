import { createHash } from 'node:crypto'
import type { Matrix, Target } from './matrix.ts'
import { benchTests, testNamed, type TestName } from './tests.ts'

/** One measurement: a target, a test, a round. */
export interface Cell {
  /** `TARGET/TEST-ROUND`, its folder too. */
  readonly id: string
  readonly target: string
  readonly test: TestName
  readonly round: number
  /** Of the load; 0 for a test that takes the time it takes. */
  readonly seconds: number
  /** Of everything that decides what is measured: another one is another measurement. */
  readonly fingerprint: string
}

/** What is measured while a target is up: it is started once for all of them. */
export interface Visit {
  readonly target: Target
  readonly cells: readonly Cell[]
}

/** The tests of a matrix, in the order in which a target takes them. */
export function testsOf({
  tests,
  quality,
}: Pick<Matrix, 'tests' | 'quality'>): readonly TestName[] {
  return benchTests
    .map(({ name }) => name)
    .filter((name) => (tests ?? benchTests.map((one) => one.name)).includes(name))
    .filter((name) => name !== 'quality' || quality !== undefined)
}

/**
 * Every cell, in the order of measuring: all targets take turns, forwards in one round and backwards
 * in the next, so that what drifts steadily counts for none.
 */
export function visitsOf(matrix: Matrix): readonly Visit[] {
  const tests = testsOf(matrix)
  return Array.from({ length: matrix.rounds }, (_, at) => at + 1).flatMap((round) => {
    const order = round % 2 === 1 ? matrix.targets : [...matrix.targets].reverse()
    return order.map((target) => ({
      target,
      cells: tests.map((test) => cellOf(matrix, target, test, round)),
    }))
  })
}

function cellOf(matrix: Matrix, target: Target, test: TestName, round: number): Cell {
  const { kind } = testNamed(test)
  const seconds = kind === 'load' ? (matrix.testSeconds[test] ?? matrix.seconds) : 0
  return {
    id: `${target.name}/${test}-${String(round)}`,
    ...{ target: target.name, test, round, seconds },
    fingerprint: fingerprintOf(matrix, target, test, { round, seconds }),
  }
}

/** Prices, weights and what the article says can change without anything being measured again. */
function fingerprintOf(
  { seed, dataset, queries, timeoutSeconds, quality }: Matrix,
  { serve, url, outside, dialect, model, sidecar, tokenizer }: Target,
  test: TestName,
  { round, seconds }: { readonly round: number; readonly seconds: number },
): string {
  const measured = {
    target: { serve, url, outside, dialect, model, sidecar, tokenizer },
    test: testNamed(test),
    ...{ round, seconds, seed, timeoutSeconds },
    data: test === 'quality' ? quality : { dataset, queries },
  }
  return createHash('sha256').update(JSON.stringify(measured)).digest('hex').slice(0, 16)
}

/** The same visits without the cells that are done, and without those that have none left. */
export function pendingOf(
  visits: readonly Visit[],
  isDone: (cell: Cell) => boolean,
): readonly Visit[] {
  return visits
    .map((visit) => ({ ...visit, cells: visit.cells.filter((cell) => !isDone(cell)) }))
    .filter(({ cells }) => cells.length > 0)
}
