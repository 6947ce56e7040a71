import { readFileSync } from 'node:fs'
import { systemCodeOf, usageError } from '../core/errors.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import type { Grafana } from '../loadgen/index.ts'

export const grafanaOptions = {
  'grafana-url': {
    type: 'string',
    requiresArg: true,
    describe: 'Grafana to mark the run in, from its start to its end, as an annotation',
  },
  'grafana-token-file': {
    type: 'string',
    requiresArg: true,
    describe: 'File with the token of a Grafana service account that may write annotations',
  },
} as const

/** Undefined when none is named. Throws a `UserError` (usage) for what cannot be used, before the run. */
export function grafanaOf(url: string | undefined, file: string | undefined): Grafana | undefined {
  if (url === undefined) return undefined
  const server = parseTargetUrl(url, '--grafana-url')
  if (file === undefined) return { server, token: undefined }
  let token: string
  try {
    token = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw usageError(
      `--grafana-token-file ${file} cannot be read: ${systemCodeOf(error) ?? 'no file'}.`,
      { cause: error },
    )
  }
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw usageError(`--grafana-token-file ${file} must hold one token and nothing else.`)
  }
  return { server, token }
}
