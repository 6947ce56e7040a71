import type { z } from 'zod'

/** Something that is wrong with a file of the user's, and where. */
export interface Problem {
  /** Keys and positions down to the place. */
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Everything that a schema found wrong, a problem each; `what` is what the file is: `a profile`. */
export function problemsIn(error: z.ZodError, what: string): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, what))
}

function problemsOf(issue: z.core.$ZodIssue, what: string): readonly Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], message: `is no key of ${what}` }))
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that got furthest is the one that was meant.
    const depth = (branch: readonly z.core.$ZodIssue[]) =>
      Math.max(...branch.map((one) => one.path.length))
    const meant = issue.errors.reduce((best, branch) =>
      depth(branch) > depth(best) ? branch : best,
    )
    if (depth(meant) > 0) {
      return meant
        .flatMap((one) => problemsOf(one, what))
        .map((one) => ({ ...one, path: [...path, ...one.path] }))
    }
    return [
      {
        path,
        message: issue.errors.flat().map(wordsOf).join(' or '),
      },
    ]
  }
  return [{ path, message: wordsOf(issue) }]
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
}

/** What is wrong, in words for who wrote the file; a sentence that a schema brings itself stays. */
export function wordsOf(issue: z.core.$ZodIssue): string {
  const { message } = issue
  if (!/^(Invalid (input|option)|Too (small|big)|Unrecognized key)/.test(message)) return message
  switch (issue.code) {
    case 'invalid_type':
      return message.endsWith('received undefined')
        ? 'is missing'
        : `must be ${kinds[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `must ${sizeOf(issue.origin)} ${issue.inclusive === true ? 'at least' : 'more than'} ${String(issue.minimum)}`
    case 'too_big':
      return `must ${sizeOf(issue.origin)} ${issue.inclusive === true ? 'at most' : 'less than'} ${String(issue.maximum)}`
    case 'unrecognized_keys':
      return `${issue.keys.join(', ')} is not known here`
    case 'custom':
    case 'invalid_element':
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
      return message
  }
}

/** A number is so much, a list or a text has so many. */
function sizeOf(origin: string): 'be' | 'have' {
  return ['array', 'string', 'set', 'map'].includes(origin) ? 'have' : 'be'
}
