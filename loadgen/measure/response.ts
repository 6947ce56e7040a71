import type { Dialect, WireMessage } from '../../core/dialects/index.ts'
import type { Judgement } from '../engines/index.ts'

/**
 * What an answer is worth. Status 2xx counts as `ok` only when it ranks every document of the
 * request once, with a number each: a server that is fast because it answers nonsense must fail.
 */
export function judge(message: WireMessage, dialect: Dialect, documents: number): Judgement {
  const { status } = message
  if (status === 429) return { outcome: 'rejected_429' }
  if (status >= 400 && status < 500) return { outcome: 'client_error_4xx' }
  if (status >= 500) return { outcome: 'server_error_5xx' }
  if (status < 200 || status >= 300) return { outcome: 'invalid_response' }
  try {
    const { ranking } = dialect.decodeResult(message)
    const ranked = new Set(ranking.map(({ index }) => index))
    const whole =
      ranking.length === documents &&
      ranked.size === documents &&
      ranking.every(({ index, score }) => index < documents && Number.isFinite(score))
    if (!whole) return { outcome: 'invalid_response' }
  } catch {
    return { outcome: 'invalid_response' }
  }
  const server = dialect.decodePhases(message)
  return { outcome: 'ok', ...(Object.keys(server).length > 0 && { server }) }
}
