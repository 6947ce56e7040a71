import { z } from 'zod'
import { RerankFailure, type RerankRequest } from '../../rerank.ts'
import {
  jsonMessage,
  ownKeys,
  ownTerms,
  usualStatuses,
  withoutUndefined,
  type FailureStatuses,
} from '../../wire.ts'
import type { WireMessage } from '../dialect.ts'

/** What `/rerank` and `/score` have in common. Parts that are no text cannot be ranked here. */
const part = { type: 'object', properties: { type: { const: 'text' }, text: { type: 'string' } } }
const oneText = {
  anyOf: [
    { type: 'string' },
    { type: 'object', properties: { content: { type: 'array', items: part } } },
  ],
}

export const input = z
  .unknown()
  .meta(oneText)
  .transform((value, context): string => {
    const text = textOf(value)
    if (text !== undefined) return text
    context.addIssue({ code: 'custom', message: 'expected a text' })
    return z.NEVER
  })

/** One text or a list of them. */
export const inputs = z
  .unknown()
  .meta({ anyOf: [...oneText.anyOf, { type: 'array', items: oneText }] })
  .transform((value, context): readonly string[] => {
    const list: readonly unknown[] = Array.isArray(value) ? value : [value]
    const read: string[] = []
    for (const item of list) {
      const text = textOf(item)
      if (text === undefined) {
        context.addIssue({ code: 'custom', path: [read.length], message: 'expected a text' })
        return z.NEVER
      }
      read.push(text)
    }
    return read
  })

const limit = z.int().min(0).nullish()

/** Keys of both. What vLLM has beside them and we cannot honour is ignored, as vLLM ignores it. */
export const common = {
  model: z.string().nullish(),
  truncate_prompt_tokens: z.int().min(-1).nullish(),
  truncation_side: z.enum(['left', 'right']).nullish(),
  use_activation: z.boolean().nullish(),
  max_tokens_per_query: limit,
  max_tokens_per_doc: limit,
  priority: z.int().nullish(),
  user: z.string().nullish(),
  request_id: z.string().max(1024).nullish(),
  ...ownKeys,
}
type Common = z.output<z.ZodObject<typeof common>>

export const capabilities = {
  scores: 'choice',
  truncate: false,
  truncationSide: true,
  usage: true,
  serverPhases: false,
} as const

export const sentence = (what: string) => `1 validation error: ${what}`

export const nothingToScore = () =>
  new RerankFailure('empty', 'At least one text_pair element must be given')

export function termsOf(
  asked: Common,
): Omit<RerankRequest, 'query' | 'documents' | 'returnDocuments'> {
  const cut = asked.truncate_prompt_tokens
  return {
    ...withoutUndefined({
      id: asked.request_id ?? undefined,
      model: asked.model ?? undefined,
      // Absent is the server's own rule here; vLLM itself refuses what is too long.
      truncate: typeof cut === 'number' ? true : undefined,
      maximumTokens: typeof cut === 'number' && cut > 0 ? cut : undefined,
      maximumQueryTokens: asked.max_tokens_per_query || undefined,
      maximumDocumentTokens: asked.max_tokens_per_doc || undefined,
    }),
    rawScores: asked.use_activation === false,
    truncationDirection: asked.truncation_side ?? 'right',
    ...ownTerms(asked),
  }
}

export function termsBody(request: RerankRequest) {
  return {
    model: request.model,
    request_id: request.id,
    // Without it a pair that is too long is an error.
    truncate_prompt_tokens: request.truncate === false ? undefined : (request.maximumTokens ?? -1),
    truncation_side: request.truncationDirection === 'left' ? 'left' : undefined,
    use_activation: request.rawScores ? false : undefined,
    max_tokens_per_query: request.maximumQueryTokens,
    max_tokens_per_doc: request.maximumDocumentTokens,
    truncation: request.truncation,
  }
}

function textOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item
  if (typeof item !== 'object' || item === null || !('content' in item)) return undefined
  if (!Array.isArray(item.content)) return undefined
  const parts = (item.content as readonly unknown[]).map((one) =>
    typeof one === 'object' && one !== null && 'text' in one ? one.text : undefined,
  )
  return parts.every((text) => typeof text === 'string') ? parts.join('') : undefined
}

export const answerId = (request: RerankRequest | undefined, id: string) =>
  `score-${request?.id ?? id.replaceAll('-', '')}`

export const usageBody = (tokens = 0) => ({ prompt_tokens: tokens, total_tokens: tokens })

export function encodeFailure({ kind, message }: RerankFailure): WireMessage {
  if (kind === 'unauthorized') return jsonMessage(401, { error: 'Unauthorized' })
  const code = statuses[kind]
  return jsonMessage(code, {
    error: { message, type: types[kind] ?? 'BadRequestError', param: null, code },
  })
}

const statuses: FailureStatuses = {
  ...usualStatuses,
  malformed: 400,
  unsupported_media_type: 400,
  tokenizer: 400,
}

const types: Partial<Record<keyof FailureStatuses, string>> = {
  too_large: 'Request Entity Too Large',
  overloaded: 'Too Many Requests',
  unhealthy: 'Service Unavailable',
  backend: 'InternalServerError',
  not_found: 'Not Found',
  method_not_allowed: 'Method Not Allowed',
  model_not_found: 'NotFoundError',
  deadline_exceeded: 'Gateway Timeout',
}
