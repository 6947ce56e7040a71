import { join } from 'node:path'
import { exitCodes, UserError } from '../core/errors.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import type { Profile } from './plan/profile.ts'
import { joinSegments } from './report/merge.ts'
import type { Run } from './report/folder.ts'
import type { RunOptions } from './options.ts'
import { runLoad, type RunContext } from './run.ts'

export interface Turns extends Pick<RunOptions, 'slo'> {
  readonly targets: readonly [string, string]
  readonly profile: Profile
  /** Length of a turn. */
  readonly seconds: number
  /** Turns that each target gets. */
  readonly rounds: number
  /** The turns' run folders are made in it: `a-1`, `b-1`, … */
  readonly out: string
}

/** ABBA BAAB …: what drifts steadily, or comes back every second turn, counts for neither. */
export function turnOrder(rounds: number): readonly (readonly [0 | 1, number])[] {
  return Array.from({ length: rounds }, (_, round) => {
    const first = round % 2 === 0 ? 0 : 1
    return [[first, round] as const, [first === 0 ? 1 : 0, round] as const]
  }).flat()
}

/**
 * Loads two targets in turns with the same requests (a turn of both has the same seed) and returns
 * one run for each.
 *
 * @throws UserError as `runLoad`, and (INVALID) when `signal` aborts before both have had all turns.
 */
export async function alternate(turns: Turns, context: RunContext): Promise<[Run, Run]> {
  const runs: [Run[], Run[]] = [[], []]
  for (const [turn, [which, round]] of turnOrder(turns.rounds).entries()) {
    const name = `${which === 0 ? 'a' : 'b'}-${String(round + 1)}`
    const place = `turn ${String(turn + 1)} of ${String(2 * turns.rounds)}`
    context.stderr?.write(
      `${place}: ${name}, ${parseTargetUrl(turns.targets[which], '--targets').url}\n`,
    )
    const run = await runLoad(
      {
        target: turns.targets[which],
        profile: turns.profile,
        seconds: turns.seconds,
        seed: round + 1,
        slo: turns.slo,
        out: join(turns.out, name),
      },
      context,
    )
    runs[which].push(run)
    if (context.signal.aborted) {
      throw new UserError(
        exitCodes.invalidRun,
        `Interrupted before both targets had all their turns; the runs so far are in ${turns.out}.`,
      )
    }
  }
  return [joined(runs[0], turns.targets[0]), joined(runs[1], turns.targets[1])]
}

/** Its name is the target's: it is in no folder of its own. */
function joined(runs: readonly Run[], target: string): Run {
  const [first, ...others] = runs
  if (first === undefined) throw new Error(`No turn of ${target}. This is a bug in rerankscope.`)
  return { ...joinSegments([first, ...others]), folder: first.summary.target.url }
}
