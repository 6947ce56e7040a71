import { RerankFailure } from '../../core/rerank.ts'

/** Every thrown thing as a failure that a dialect can write; what we did not foresee is the backend's. */
export function failureOf(thrown: unknown): RerankFailure {
  if (thrown instanceof RerankFailure) return thrown
  return fastifyFailures.get(codeOf(thrown) ?? '') ?? new RerankFailure('backend', unforeseen)
}

const unforeseen = 'Backend error: an error that was not foreseen'

/** What fastify finds wrong with a message before we see it. */
const fastifyFailures: ReadonlyMap<string, RerankFailure> = new Map([
  [
    'FST_ERR_CTP_BODY_TOO_LARGE',
    new RerankFailure('too_large', 'The body is larger than this server accepts: send less.'),
  ],
  [
    'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    new RerankFailure(
      'unsupported_media_type',
      'Expected request with `Content-Type: application/json`',
    ),
  ],
  [
    'FST_ERR_CTP_INVALID_CONTENT_LENGTH',
    new RerankFailure('invalid_json', 'The body is not as long as its Content-Length says.'),
  ],
])

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined
}
