import { stat } from 'node:fs/promises'
import { messageOf, usageError } from '../../core/errors.ts'
import type { Dataset, DatasetRequest, FileSource, MadeSource } from './dataset.ts'
import { jsonl } from './jsonl.ts'
import { mtebJsonl } from './mteb-jsonl.ts'
import { mtebParquet } from './mteb-parquet.ts'
import { mtebRetrieval } from './mteb-retrieval.ts'
import { synthetic } from './synthetic.ts'
import { thuir } from './thuir.ts'

export { queryLimits } from './dataset.ts'

/** Every data set that is made. One more = one file and one line here. */
export const datasets: readonly MadeSource[] = [synthetic]

/** Every kind that is read, the first that recognises a path reads it. One more = one file and one line here. */
export const datasetFiles: readonly FileSource[] = [
  thuir,
  mtebRetrieval,
  mtebParquet,
  mtebJsonl,
  jsonl,
]

/**
 * The data set that `--dataset` names: one of ours, or files of the user's.
 *
 * @throws UserError (usage) when there is none, or with the place in it that cannot be understood.
 */
export async function loadDataset(nameOrPath: string, request: DatasetRequest): Promise<Dataset> {
  const made = datasets.find(({ name }) => name === nameOrPath)
  if (made !== undefined) {
    requireSplit(nameOrPath, [], request.split)
    return made.load(request)
  }
  await stat(nameOrPath).catch((error: unknown) => {
    throw usageError(
      `--dataset ${nameOrPath} cannot be used: ${messageOf(error)}. Choose ${datasets.map(({ name }) => name).join(', ')}, or name a file or folder.`,
    )
  })
  for (const source of datasetFiles) {
    if (!(await source.recognises(nameOrPath))) continue
    const splits = (await source.splits?.(nameOrPath)) ?? []
    requireSplit(nameOrPath, splits, request.split)
    return source.load(nameOrPath, { ...request, split: request.split ?? splits[0] })
  }
  throw usageError(
    `${nameOrPath} is no data set of a known kind; it may be ${datasetFiles.map(({ summary }) => summary).join('; or ')}.`,
  )
}

function requireSplit(
  nameOrPath: string,
  splits: readonly string[],
  wanted: string | undefined,
): void {
  if (wanted === undefined || splits.includes(wanted)) return
  throw usageError(
    splits.length === 0
      ? `The data set ${nameOrPath} has no splits to choose from; leave --split out.`
      : `The data set ${nameOrPath} has no split ${wanted}; it has ${splits.join(', ')}.`,
  )
}
