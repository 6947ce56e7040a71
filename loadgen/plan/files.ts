import { createWriteStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BodyTemplate } from './body.ts'
import type { Plan } from './plan.ts'
import type { Profile, Recording } from './profile.ts'

/** `plan.json`: what every request has in common. No address, no secret, no text. */
export interface PlanFile {
  readonly schema: 'rerankscope.plan/1'
  readonly profile: PlanProfile
  readonly seed: number
  readonly scheduledSeconds: number
  /** Absent: items have their own times. With it they are sent round and round, so many at a time. */
  readonly saturation?: { readonly concurrency: number }
  readonly dialect: string
  readonly method: 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly counts: {
    readonly requests: number
    readonly batches: number
    readonly pairs: number
    readonly texts: number
  }
  readonly dataset: Plan['dataset']
  /** By shape: `50` documents, or `8x50` for eight queries of 50 documents in one request. */
  readonly bodies: Readonly<Record<string, BodyTemplate>>
}

/** The profile without the requests of a recording, which stand in `items.ndjson`. */
export type PlanProfile = Omit<Profile, 'arrivals'> & {
  readonly arrivals: Exclude<Profile['arrivals'], Recording> | Pick<Recording, 'kind' | 'file'>
  readonly batchForm: Plan['batchForm']
}

function profileOf({ profile, batchForm }: Plan): PlanProfile {
  const { arrivals } = profile
  const described =
    arrivals.kind === 'trace' ? { kind: arrivals.kind, file: arrivals.file } : arrivals
  return { ...profile, arrivals: described, batchForm }
}

export function planFileOf(
  plan: Plan,
  wire: Pick<PlanFile, 'dialect' | 'path' | 'headers' | 'bodies'>,
): PlanFile {
  return {
    schema: 'rerankscope.plan/1',
    profile: profileOf(plan),
    seed: plan.seed,
    scheduledSeconds: plan.scheduledSeconds,
    ...(plan.saturation !== undefined && { saturation: plan.saturation }),
    dialect: wire.dialect,
    method: 'POST',
    path: wire.path,
    headers: wire.headers,
    counts: {
      requests: plan.items.length,
      batches: plan.batches,
      pairs: plan.items.reduce((sum, item) => sum + item.documents * (item.queries ?? 1), 0),
      texts: plan.texts.length,
    },
    dataset: plan.dataset,
    bodies: wire.bodies,
  }
}

/**
 * Writes the plan before the run: `plan.json`, `items.ndjson` (one request a line) and
 * `texts.ndjson` (one JSON string a line, which items refer to by line, counted from 0). A text is
 * written once however many requests carry it, so the folder stays as large as the texts, not as
 * the traffic.
 */
export async function writePlan(folder: string, plan: Plan, file: PlanFile): Promise<void> {
  await writeFile(join(folder, 'plan.json'), `${JSON.stringify(file, null, 2)}\n`)
  await writeLines(
    join(folder, 'items.ndjson'),
    plan.items.map((item) => JSON.stringify(item)),
  )
  await writeLines(
    join(folder, 'texts.ndjson'),
    plan.texts.map((text) => JSON.stringify(text)),
  )
}

async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  await pipeline(
    Readable.from(
      (function* () {
        for (const line of lines) yield `${line}\n`
      })(),
    ),
    createWriteStream(path),
  )
}
