import { join } from 'node:path'
import { z } from 'zod'
import { present } from '../core/assert.ts'
import { dialectNamed } from '../core/dialects/index.ts'
import { usageError } from '../core/errors.ts'
import { readK6Parts } from './engines/index.ts'
import { forEachLine, inputError, textOf } from './lines.ts'
import { judge } from './measure/response.ts'
import type { SloThreshold } from './measure/slo.ts'
import { summarize, type RunFacts } from './measure/summarize.ts'
import type { PlanItem } from './plan/plan.ts'
import { readRun, type Run } from './report/folder.ts'

const count = z.number().int().min(0)
const itemSchema = z.object({
  index: count,
  batch: count,
  intendedSeconds: z.number().min(0),
  documents: count.min(1),
  queries: count.min(1).optional(),
  characters: count,
  documentTokens: count.optional(),
  tokens: count.optional(),
  texts: z.array(count),
})

/**
 * What k6 measured of the plan of a run folder, on one machine or several, as one run: profile, data
 * set and target are those of the folder's own run.
 *
 * @throws UserError (usage) naming the file (and line) that cannot be read, is not of this plan, or
 * whose machine began at another time.
 */
export async function readK6Run(
  folder: string,
  files: readonly string[],
  slo?: readonly SloThreshold[],
): Promise<Run> {
  const { summary } = await readRun(folder, slo)
  if (summary.saturation !== undefined) {
    throw usageError(
      `${folder} is a saturated run: it has no schedule that k6 could have replayed.`,
    )
  }
  const dialect = present(
    dialectNamed(summary.target.dialect),
    `There is no dialect ${summary.target.dialect}.`,
  )
  const items = await readItems(join(folder, 'items.ndjson'))
  const { observations, startUnixSeconds, missing, warmUp } = await readK6Parts(files, {
    items,
    judge: (message, item) => judge(message, dialect, item),
  })
  const lastedSeconds = observations.reduce((last, one) => Math.max(last, one.doneSeconds), 0)
  const at = (seconds: number) => new Date((startUnixSeconds + seconds) * 1000).toISOString()
  const facts: RunFacts = {
    ...{ target: summary.target, profile: summary.profile, dataset: summary.dataset },
    ...{ startedAt: at(0), endedAt: at(lastedSeconds), sidecar: null },
    engine: {
      ...{ name: 'k6', version: 'unknown', warmUp },
      // k6 opens as many connections as it needs.
      ...{ maximumInFlight: items.length, delayedByLimit: 0 },
    },
    totals: { planned: items.length, unsent: missing, unfinished: 0 },
    slo: summary.slo,
  }
  const measured = summarize(facts, observations, [])
  const note = `read from the samples of k6, ${String(files.length)} file${files.length === 1 ? '' : 's'}; target and data set are those of the run in ${folder}`
  return {
    ...{ folder, observations, telemetry: [] },
    summary: { ...measured, notes: [...measured.notes, note] },
  }
}

async function readItems(path: string): Promise<readonly PlanItem[]> {
  const items: PlanItem[] = []
  await forEachLine(path, (bytes, line) => {
    let value: unknown
    try {
      value = JSON.parse(textOf(bytes, path, line, 'the line'))
    } catch {
      throw inputError(path, line, 'is not JSON: the file was cut off or changed')
    }
    const parsed = itemSchema.safeParse(value)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw inputError(path, line, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
    }
    items.push(parsed.data as PlanItem)
  })
  return items
}
