import { readFileSync } from 'node:fs'
import { messageOf, usageError } from '../core/errors.ts'
import type { Grafana } from '../core/grafana.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import type { CommandContext } from './command.ts'

/** Not an option: an argument list can be read by everybody on the machine. */
const tokenVariable = 'RERANKSCOPE_GRAFANA_TOKEN'

/** What a command wants a Grafana for, and what the token's owner must therefore be allowed to do. */
export function grafanaOptions(purpose: string, right: string) {
  return {
    'grafana-url': { type: 'string', requiresArg: true, describe: purpose },
    'grafana-token-file': {
      type: 'string',
      requiresArg: true,
      describe: `File with the token of a Grafana service account that may ${right}`,
      defaultDescription: tokenVariable,
    },
  } as const
}

/** Undefined when none is named. Throws a `UserError` (usage) for what cannot be used, before the run. */
export function grafanaOf(
  url: string | undefined,
  file: string | undefined,
  environment: CommandContext['environment'],
): Grafana | undefined {
  if (url === undefined) return undefined
  const server = parseTargetUrl(url, '--grafana-url')
  if (file !== undefined) return { server, token: tokenIn(file) }
  const token = environment[tokenVariable]?.trim() ?? ''
  if (token === '') return { server, token: undefined }
  if (isToken(token)) return { server, token }
  throw usageError(`${tokenVariable} must hold one token and nothing else.`)
}

function tokenIn(file: string): string {
  let token: string
  try {
    token = readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw usageError(`--grafana-token-file ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    })
  }
  if (isToken(token)) return token
  throw usageError(`--grafana-token-file ${file} must hold one token and nothing else.`)
}

const isToken = (text: string) => /^[\x21-\x7e]+$/.test(text)
