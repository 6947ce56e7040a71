import { RerankFailure } from '../../core/rerank.ts'

/** Every thrown thing as a failure that a dialect can write; what we did not foresee is the backend's. */
export function failureOf(thrown: unknown): RerankFailure {
  if (thrown instanceof RerankFailure) return thrown
  // What fastify finds wrong with a message before we see it.
  if (codeOf(thrown) === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new RerankFailure(
      'unsupported_media_type',
      'Expected request with `Content-Type: application/json`',
    )
  }
  return new RerankFailure('backend', 'Backend error: an error that was not foreseen')
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined
}
