import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inputError } from '../lines.ts'
import { inOrder } from './dataset.ts'
import { isParquet } from './parquet.ts'
import { isJsonLines } from './rows.ts'

/** What each part may be called; the judgements are the hub's default, which it keeps in `data/`. */
const parts = {
  corpus: ['corpus'],
  queries: ['queries'],
  qrels: ['qrels', 'default', 'data'],
  top_ranked: ['top_ranked'],
} as const
export type Part = keyof typeof parts

/** Files of one part. Those of no split are of all. */
export interface PartFiles {
  readonly place: string
  readonly splits: readonly string[]
  readonly files: readonly PartFile[]
}

interface PartFile {
  readonly path: string
  readonly split: string | undefined
  /** Where a split is cut into several files: how many. */
  readonly shards: number
}

const isRows = (path: string) => isParquet(path) || isJsonLines(path)
/** `dev.jsonl`, `dev-00000-of-00002.parquet`, and as older tools wrote it, with a hash. */
const fileName = /^(.+?)(?:-\d{5}-of-(\d{5})(?:-[0-9a-f]+)?)?\.[a-z]+$/i

/** Undefined where there is none. */
export async function partOf(folder: string, part: Part): Promise<PartFiles | undefined> {
  for (const name of parts[part]) {
    const place = join(folder, name)
    const inFolder = (await namesIn(place)).filter(isRows).map((file): PartFile => {
      const [, split, shards = '1'] = fileName.exec(file) ?? []
      return { path: join(place, file), split, shards: Number(shards) }
    })
    if (inFolder.length > 0) {
      return { place, files: inFolder, splits: inOrder(inFolder.map(({ split = '' }) => split)) }
    }
    const beside = (await namesIn(folder)).find(
      (file) => isRows(file) && file.replace(/\.[a-z]+$/i, '') === name,
    )
    if (beside === undefined) continue
    const path = join(folder, beside)
    return { place: path, splits: [], files: [{ path, split: undefined, shards: 1 }] }
  }
  return undefined
}

/** @throws UserError (usage) where there is none. */
export async function requiredPart(folder: string, part: Part): Promise<PartFiles> {
  const found = await partOf(folder, part)
  if (found !== undefined) return found
  throw inputError(
    folder,
    undefined,
    `has a corpus, but no ${part}; put ${part}/SPLIT.parquet or ${part}.jsonl beside it`,
  )
}

/**
 * Those of a split. A part that has one split only, as a corpus often has, serves every split.
 *
 * @throws UserError (usage) when it has no such split, or not all files of it.
 */
export function filesOf(
  { place, splits, files }: PartFiles,
  wanted: string | undefined,
): readonly string[] {
  const split = splits.length === 1 ? splits[0] : wanted
  const own = files.filter((file) => file.split === split || splits.length === 0)
  const shards = Math.max(0, ...own.map((file) => file.shards))
  if (own.length === 0) {
    const there = splits.join(', ')
    throw inputError(
      place,
      undefined,
      wanted === undefined
        ? `has several splits (${there}), and the qrels do not say which; put them into qrels/SPLIT`
        : `has no split ${wanted}; it has ${there}`,
    )
  }
  if (own.length < shards) {
    throw inputError(
      place,
      undefined,
      `has ${String(own.length)} of the ${String(shards)} files of the split ${split ?? ''}; put the others beside them`,
    )
  }
  return own.map(({ path }) => path)
}

/** Of a folder, in order; none where there is no such folder. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).then(
    (names) => names.sort(),
    () => [],
  )
}
