import { basename } from 'node:path'
import { z } from 'zod'
import { wordsOf } from '../../core/problems.ts'
import { forEachLine, inputError, textOf } from '../lines.ts'
import { maximumCandidates, type Dataset, type DatasetRequest } from './dataset.ts'
import { Sample } from './sample.ts'

/** A query with its documents, the relevant ones apart. */
export interface Row {
  readonly query: string
  readonly relevant: readonly string[]
  readonly others: readonly string[]
}

/** Of MTEB's T2Reranking. */
export const mtebRow = z
  .object({
    query: z.string().min(1),
    positive: z.array(z.string()),
    negative: z.array(z.string()),
  })
  .refine(({ positive, negative }) => positive.length + negative.length > 0, {
    path: ['positive'],
    message: 'and negative are both empty',
  })
  .transform(({ query, positive, negative }): Row => ({
    query,
    relevant: positive,
    others: negative,
  }))

/** The rows as a data set; a text that stands in several rows is one text. */
export function datasetOfRows(name: string, rows: readonly Row[]): Dataset {
  const texts: string[] = []
  const numbers = new Map<string, number>()
  const numberOf = (text: string) => {
    const number = numbers.get(text) ?? texts.push(text) - 1
    numbers.set(text, number)
    return number
  }
  let dropped = 0
  const queries = rows.map(({ query, relevant, others }) => {
    const all = [...new Set([...relevant, ...others])]
    dropped += Math.max(0, all.length - maximumCandidates)
    const candidates = all.slice(0, maximumCandidates).map(numberOf)
    return {
      text: numberOf(query),
      candidates,
      relevant: Math.min(new Set(relevant).size, candidates.length),
    }
  })
  return {
    name,
    size: texts.length,
    textOf: (number) => texts[number] ?? '',
    queries,
    ...(dropped > 0 && { droppedCandidates: dropped }),
  }
}

/** The object on the first line, if it is one. */
export async function firstObjectOf(path: string): Promise<object | undefined> {
  let first: unknown
  await forEachLine(path, (bytes) => {
    try {
      first = JSON.parse(bytes.toString('utf8'))
    } catch {
      // Whoever reads the file says so.
    }
    return false
  })
  return typeof first === 'object' && first !== null ? first : undefined
}

/** A sample of a file with a row a line. */
export async function readRows(
  path: string,
  schema: z.ZodType<Row>,
  { seed, queries }: DatasetRequest,
): Promise<Dataset> {
  const sample = new Sample<Row>(seed, queries)
  await forEachJsonLine(path, (value, line) => {
    const row = rowOf(schema, value, `${path}, line ${String(line)}`)
    sample.offer(String(line), () => row)
  })
  return datasetOfRows(basename(path), nonEmpty(sample.values(), path))
}

/**
 * Calls `onRow` for each line that is not empty, with what it holds and its number from 1. Reads no
 * further when it returns false.
 *
 * @throws UserError (usage) when the file cannot be read or a line is no JSON; what `onRow` throws.
 */
export async function forEachJsonLine(
  path: string,
  onRow: (value: unknown, line: number) => unknown,
): Promise<void> {
  await forEachLine(path, (bytes, line) => {
    if (bytes.length === 0) return true
    return onRow(parsed(textOf(bytes, path, line, 'the line'), path, line), line)
  })
}

/** @throws UserError (usage) naming the field that is wrong. */
export function rowOf<T>(schema: z.ZodType<T>, value: unknown, place: string): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  throw inputError(
    place,
    undefined,
    `${field === '' ? '' : `${field}: `}${issue === undefined ? 'wrong' : wordsOf(issue)}`,
  )
}

export function nonEmpty<T>(rows: readonly T[], path: string): readonly T[] {
  if (rows.length === 0) throw inputError(path, undefined, 'holds no query')
  return rows
}

function parsed(text: string, path: string, line: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw inputError(path, line, 'is no JSON', error)
  }
}

export const isJsonLines = (path: string): boolean => /\.(jsonl|ndjson)$/i.test(path)
