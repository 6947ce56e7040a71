import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { Policy } from '../core/policy.ts'
import { packageFile } from '../core/program.ts'

export { contentsOf, panelQueries, withEverythingChosen, type PanelQuery } from './coverage.ts'
export { pushBoards } from './grafana/push.ts'
export { verifyBoards, type Verification } from './grafana/verify.ts'
export { formats } from './formats/index.ts'
export { withRunbooks } from './runbooks.ts'
export { maximumMinutes, startPreview, stillPreview, type PreviewSource } from './preview/index.ts'
export { timeWindow } from './preview/window.ts'

export interface Board {
  /** File name without ending. */
  readonly name: string
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Grafana's classic model, ready to import. */
  readonly json: string
}

const shippedFolder = packageFile('dashboards/generated')
/** What one begins with, in lists and in the preview; the others are in the order of their names. */
const firstFile = 'overview.json'
const headSchema = z.looseObject({ uid: z.string(), title: z.string(), description: z.string() })

/** The boards that ship, as committed. Needs nothing but the files: Grafana's SDK stays at home. */
export function shippedBoards(): readonly Board[] {
  return readdirSync(shippedFolder)
    .filter((file) => file.endsWith('.json'))
    .sort(
      (one, other) =>
        Number(other === firstFile) - Number(one === firstFile) || (one < other ? -1 : 1),
    )
    .map((file) => {
      const json = readFileSync(join(shippedFolder, file), 'utf8')
      const { uid, title, description } = headSchema.parse(JSON.parse(json))
      return { name: basename(file, '.json'), uid, title, description, json }
    })
}

/** Builds every board under a policy; for scripts/generate.ts. Needs the development dependencies. */
export async function buildBoards(policy: Policy): Promise<readonly Board[]> {
  const { buildAll } = await import('./build.ts')
  return buildAll(policy)
}
