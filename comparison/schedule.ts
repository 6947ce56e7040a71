import type { Cell, Visit } from './cells.ts'
import type { Matrix } from './matrix.ts'
import { testNamed } from './tests.ts'

/** Seconds that are not load: as a small model on a small machine takes them. */
const overheads = { startSeconds: 3, loadSeconds: 1, memorySeconds: 1, queryQualitySeconds: 0.05 }

/** How long what is left will take, before anything is known. */
export function estimatedSeconds(visits: readonly Visit[], matrix: Matrix): number {
  return visits.reduce(
    (sum, { target, cells }) =>
      sum +
      (target.serve === undefined ? 0 : overheads.startSeconds) +
      cells.reduce((all, cell) => all + cellSeconds(cell, matrix), 0),
    0,
  )
}

function cellSeconds({ test, seconds }: Cell, { quality }: Matrix): number {
  switch (testNamed(test).kind) {
    case 'load':
      return seconds + overheads.loadSeconds
    case 'memory':
      return overheads.memorySeconds
    case 'quality':
      return (quality?.queries ?? 0) * overheads.queryQualitySeconds
    case 'start':
      return 0
  }
}

/**
 * What is left, corrected by how the estimate did so far: `doneSeconds` of it took `tookSeconds`. The
 * estimate itself counts as much as ten seconds of measuring, so that the first cell decides nothing.
 */
export function remainingSeconds(
  leftSeconds: number,
  so: { readonly doneSeconds: number; readonly tookSeconds: number },
): number {
  const weight = 10
  return leftSeconds * ((so.tookSeconds + weight) / (so.doneSeconds + weight))
}
