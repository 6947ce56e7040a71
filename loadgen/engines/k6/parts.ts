import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { messageOf, usageError } from '../../../core/errors.ts'
import type { Observation } from '../../../core/observation.ts'
import type { PlanItem } from '../../plan/plan.ts'
import type { Replay, ReplayEnd } from '../engine.ts'
import { decodeK6Sample, observationOf, type K6Sample } from './samples.ts'

/** What k6 measured of one plan, on any number of machines. */
export interface K6Parts {
  /** Unix seconds of the schedule's zero, the earliest of the machines'. */
  readonly startUnixSeconds: number
  /** In order of the plan; each request once. */
  readonly observations: readonly Observation[]
  /** Of the plan, in none of the files: never sent, or given up. */
  readonly missing: number
  readonly warmUp: ReplayEnd['warmUp']
}

/** Machines whose zeros are further apart did not send one schedule. */
const maximumSkewSeconds = 0.1

/**
 * Reads the files that `k6 run --out json=FILE` wrote, one a machine, as the observations of one run.
 *
 * @throws UserError (usage) naming the file (and line) that cannot be read, a request that is in two
 * places, or machines that began at different times.
 */
export async function readK6Parts(
  files: readonly string[],
  { items, judge }: { readonly items: readonly PlanItem[]; readonly judge: Replay['judge'] },
): Promise<K6Parts> {
  const planned = new Map(items.map((item) => [item.index, item]))
  const found = new Map<number, { readonly observation: Observation; readonly file: string }>()
  const starts: number[] = []
  const warmUp = { requests: 0, succeeded: 0 }
  for (const file of files) {
    let started = false
    for await (const sample of samplesOf(file)) {
      if (sample.kind === 'start') {
        started = true
        starts.push(sample.unixSeconds)
      }
      if (sample.kind === 'warm-up') {
        warmUp.requests += 1
        if (sample.succeeded) warmUp.succeeded += 1
      }
      if (sample.kind !== 'answer') continue
      const item = planned.get(sample.answer.index)
      if (item === undefined) {
        throw usageError(
          `${file} has request ${String(sample.answer.index)}, which is not in the plan: it belongs to another run.`,
        )
      }
      const other = found.get(item.index)
      if (other !== undefined) {
        throw usageError(
          `Request ${String(item.index)} is in ${other.file} and in ${file}: each machine must have a segment of its own.`,
        )
      }
      found.set(item.index, { observation: observationOf(sample.answer, item, judge), file })
    }
    if (!started) throw usageError(`${file} does not say when its schedule began: it was cut off.`)
  }
  const startUnixSeconds = Math.min(...starts)
  const skew = Math.max(...starts) - startUnixSeconds
  if (skew > maximumSkewSeconds) {
    throw usageError(
      `The machines began up to ${skew.toFixed(1)} s apart: give all of them the same RERANKSCOPE_START_AT.`,
    )
  }
  const observations = [...found.values()].map(({ observation }) => observation)
  return {
    startUnixSeconds,
    observations: observations.sort((a, b) => a.index - b.index),
    missing: items.length - observations.length,
    warmUp,
  }
}

async function* samplesOf(file: string): AsyncGenerator<K6Sample> {
  let number = 0
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      number += 1
      const sample = decodeK6Sample(line)
      if (sample !== undefined) yield sample
    }
  } catch (error) {
    const where = number === 0 ? file : `${file} line ${String(number)}`
    throw usageError(`${where} cannot be read: ${messageOf(error)}.`, { cause: error })
  }
}
