import type { z } from 'zod'
import { wordsOf } from './problems.ts'

/**
 * One line of a file of ours. Throws an `Error` that names the field that is wrong, and quotes
 * nothing of the line: it may hold somebody's text.
 */
export function decodeJsonLine<T>(
  schema: z.ZodType<T>,
  line: string,
  notJson = 'not a line of JSON',
): T {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Error(notJson)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  throw new Error(
    `${field === '' ? 'the line' : field}: ${issue === undefined ? 'wrong' : wordsOf(issue)}`,
  )
}
