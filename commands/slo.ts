import { exitCodes, usageError, type ExitCode } from '../core/errors.ts'
import { parseSlo, sloGrammar, type SloThreshold, type Summary } from '../loadgen/index.ts'

/** The `--slo` of every command that has one. */
export const sloOption = {
  type: 'string',
  array: true,
  requiresArg: true,
  describe: `Thresholds; exit 99 when one is missed. ${sloGrammar}`,
} as const

/** Throws a `UserError` (usage) for what is no threshold, and for one that is given twice. */
export function sloOf(given: readonly string[] | undefined): readonly SloThreshold[] {
  const text = (given ?? []).join(',')
  if (given === undefined || given.length === 0) return []
  const thresholds = parseSlo(text)
  if (thresholds === undefined) {
    throw usageError(`--slo ${text} is not a list of thresholds, each once: write ${sloGrammar}.`)
  }
  return thresholds
}

/** INVALID comes first: whether such a run keeps its thresholds means nothing. */
export function exitCodeOf(runs: readonly Pick<Summary, 'validity' | 'slo'>[]): ExitCode {
  if (runs.some(({ validity }) => !validity.valid)) return exitCodes.invalidRun
  return runs.every(({ slo }) => slo.every(({ met }) => met)) ? exitCodes.done : exitCodes.slo
}
