import type { IncomingHttpHeaders } from 'node:http'
import { RerankFailure, type RerankTerms } from '../../core/rerank.ts'

/** Headers that say how long the caller waits, the first that is there counts. */
const inSeconds = ['x-request-timeout', 'request-timeout']
const longestSeconds = 86_400

/** The same, for the API document. */
export const headerParameters = [
  ['X-Request-Timeout', 'Seconds after which pairs that still wait are dropped'],
  ['Request-Timeout', 'The same'],
  ['X-Envoy-Expected-Rq-Timeout-Ms', 'The same, in milliseconds'],
  ['grpc-timeout', 'The same, as gRPC writes it: 250m, 3S'],
  ['Cache-Control', 'no-store: look nothing up and keep nothing'],
  ['X-Rerank-Dialect', 'Whose format it is, where path and body leave that open'],
  ['traceparent', 'W3C trace context'],
].map(([name, description]) => ({ name, in: 'header', description, schema: { type: 'string' } }))

/**
 * What a caller says beside the body: his deadline (`X-Request-Timeout` or `Request-Timeout` in
 * seconds, `grpc-timeout`, or Envoy's milliseconds), `Cache-Control: no-store`, his trace.
 * `elapsedSeconds` have passed since his request began to arrive. Throws a `RerankFailure` for a
 * deadline that is none.
 */
export function termsOf(
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
  elapsedSeconds: number,
): RerankTerms {
  const timeoutSeconds = timeoutOf(headers)
  const { traceparent, tracestate } = headers
  return {
    signal,
    ...(timeoutSeconds !== undefined && { deadlineSeconds: timeoutSeconds - elapsedSeconds }),
    ...(saysNoStore(headers['cache-control']) && { bypassCaches: true }),
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof tracestate === 'string' && { tracestate }),
  }
}

const saysNoStore = (header: string | undefined) =>
  (header ?? '').split(',').some((directive) => directive.trim().toLowerCase() === 'no-store')

function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  for (const name of inSeconds) {
    const text = headers[name]
    if (text !== undefined) return secondsOf(text, /^(\d+(?:\.\d+)?)s?$/, 1)
  }
  const milliseconds = headers['x-envoy-expected-rq-timeout-ms']
  if (milliseconds !== undefined) return secondsOf(milliseconds, /^(\d+)$/, 1e-3)
  const grpc = headers['grpc-timeout']
  if (typeof grpc !== 'string') return undefined
  return secondsOf(grpc, /^(\d{1,8})[HMSmun]$/, grpcUnits[grpc.slice(-1)] ?? 1)
}

const grpcUnits: Readonly<Record<string, number>> = {
  ...{ H: 3600, M: 60, S: 1 },
  ...{ m: 1e-3, u: 1e-6, n: 1e-9 },
}

function secondsOf(text: string | string[], form: RegExp, unit: number): number {
  const amount = typeof text === 'string' ? form.exec(text.trim())?.[1] : undefined
  const seconds = Number(amount) * unit
  if (amount === undefined || !(seconds > 0)) {
    throw new RerankFailure('validation', 'The timeout header must be a number of seconds above 0')
  }
  return Math.min(seconds, longestSeconds)
}
