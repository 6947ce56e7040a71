import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { usageError } from '../../../core/errors.ts'

/** Written last: a folder without it was not pulled to the end. */
export const pulledFile = 'pulled.json'
const pulledSchema = z.object({ name: z.string(), revision: z.string(), commit: z.string() })
export type Pulled = z.infer<typeof pulledSchema>

/** `owner/name` or `owner/name@revision`, as models are called on a hub. */
export interface HubName {
  readonly name: string
  readonly revision: string
}

const part = '[A-Za-z0-9][A-Za-z0-9._-]{0,95}'
const pattern = new RegExp(`^(${part}/${part})(?:@([A-Za-z0-9][A-Za-z0-9._/-]{0,199}))?$`)

/** Undefined when a text cannot be the name of a model on a hub. */
export function hubNameOf(text: string): HubName | undefined {
  const [, name, revision = 'main'] = pattern.exec(text) ?? []
  return name === undefined || revision.includes('..') ? undefined : { name, revision }
}

/** The folder of a pulled model: `owner--name`, with `@revision` where that is not main. */
export function folderOf(cache: string, { name, revision }: HubName): string {
  const suffix = revision === 'main' ? '' : `@${revision}`
  return join(cache, `${name}${suffix}`.replaceAll('/', '--'))
}

/** The folder of a model that was pulled; undefined when it was not. Throws when it was not to the end. */
export function pulledFolder(cache: string, text: string): string | undefined {
  const hubName = hubNameOf(text)
  if (hubName === undefined) return undefined
  const folder = folderOf(cache, hubName)
  if (!existsSync(folder)) return undefined
  if (existsSync(join(folder, pulledFile))) return folder
  throw usageError(
    `${text} was not pulled to the end: run \`rerankscope model pull ${text}\` again.`,
  )
}

/** Every model that was pulled to the end, with its folder. */
export function pulledModels(cache: string): readonly (Pulled & { readonly folder: string })[] {
  if (!existsSync(cache)) return []
  return readdirSync(cache).flatMap((entry) => {
    const folder = join(cache, entry)
    const path = join(folder, pulledFile)
    if (!existsSync(path)) return []
    try {
      return [{ ...pulledSchema.parse(JSON.parse(readFileSync(path, 'utf8'))), folder }]
    } catch {
      return []
    }
  })
}
