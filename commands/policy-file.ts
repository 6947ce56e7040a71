import { usageError } from '../core/errors.ts'
import { parsePolicy, policy as shippedPolicy, type Policy } from '../core/policy.ts'
import { readYaml } from './yaml-file.ts'

/** The policy of `--policy FILE`; the shipped one without it. Throws a `UserError` (usage). */
export function readPolicy(path: string | undefined): Policy {
  if (path === undefined) return shippedPolicy
  const result = parsePolicy(readYaml('--policy', path))
  if ('problems' in result) throw usageError(`--policy ${path}: ${result.problems.join('; ')}.`)
  return result.policy
}
