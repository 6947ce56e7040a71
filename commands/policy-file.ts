import { usageError } from '../core/errors.ts'
import { policy as shippedPolicy, type Policy } from '../core/policy.ts'
import { readYaml } from './yaml-file.ts'

/** The policy of `--policy FILE`; the shipped one without it. Rejects with a `UserError` (usage). */
export async function readPolicy(path: string | undefined): Promise<Policy> {
  if (path === undefined) return shippedPolicy
  const { parsePolicy } = await import('../core/own-policy.ts')
  const result = parsePolicy(readYaml('--policy', path))
  if ('problems' in result) throw usageError(`--policy ${path}: ${result.problems.join('; ')}.`)
  return result.policy
}
