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
        message: issue.errors
          .flat()
          .map(({ message }) => message)
          .join(' or '),
      },
    ]
  }
  return [{ path, message: issue.message }]
}
