import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { messageOf, usageError } from '../core/errors.ts'
import { parsePolicy, policy as shippedPolicy, type Policy } from '../core/policy.ts'

/** The policy of `--policy FILE`; the shipped one without it. Throws a `UserError` (usage). */
export function readPolicy(path: string | undefined): Policy {
  if (path === undefined) return shippedPolicy
  let given: unknown
  try {
    given = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw usageError(`--policy ${path} cannot be read: ${messageOf(error)}`, { cause: error })
  }
  const result = parsePolicy(given)
  if ('problems' in result) throw usageError(`--policy ${path}: ${result.problems.join('; ')}.`)
  return result.policy
}
