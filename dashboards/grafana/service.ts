import { environmentError, type UserError } from '../../core/errors.ts'
import { grafanaHeaders, type Grafana } from '../../core/grafana.ts'
import { ask, type Answer, type Question, type Service } from '../http.ts'

const timeoutSeconds = 15

export function serviceOf(grafana: Grafana): Service {
  return {
    name: 'Grafana',
    server: grafana.server,
    headers: grafanaHeaders(grafana),
    timeoutSeconds,
  }
}

/**
 * As `ask`, of somebody who must be allowed to. `purpose` completes "may not …". Rejects with a
 * `UserError` (environment) when we may not, or when the server fails.
 */
export async function askAs(
  service: Service,
  purpose: string,
  path: string,
  question: Question = {},
): Promise<Answer> {
  const answer = await ask(service, path, question)
  const { status } = answer
  const { url } = service.server
  if (status === 401) {
    const known = 'authorization' in service.headers
    throw environmentError(
      known
        ? `Grafana at ${url} does not know this token or user (status 401): make a new token for a service account.`
        : `Grafana at ${url} asks who we are (status 401): put the token of a service account into RERANKSCOPE_GRAFANA_TOKEN, or name its file with --grafana-token-file.`,
    )
  }
  if (status === 403) {
    throw environmentError(
      `Grafana at ${url} says that we may not ${purpose} (status 403): give the service account the role that may.`,
    )
  }
  if (status >= 500) throw failure(service, purpose, answer)
  return answer
}

/** An answer that we cannot go on from. */
export function failure(
  { server }: Service,
  purpose: string,
  { status, value }: Answer,
): UserError {
  const said = messageIn(value)
  return environmentError(
    `Grafana at ${server.url} does not let us ${purpose}: status ${String(status)}${said === '' ? '' : `, "${said}"`}.`,
  )
}

const maximumLength = 200

/** What Grafana says of it, cut: some errors quote the whole of what they were sent. */
function messageIn(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('message' in value)) return ''
  return String(value.message).slice(0, maximumLength)
}
