import { environmentError, messageOf, systemCodeOf } from '../core/errors.ts'
import type { RankedDocument, RerankRequest, ServerInfo } from '../core/rerank.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import { postText } from './get-text.ts'
import { isWhole } from './measure/response.ts'
import { defaults, type RunOptions } from './options.ts'
import { preflight } from './target.ts'

/** A target that can be asked one thing at a time, outside of any run. */
export interface Reranker {
  readonly dialect: string
  /** Undefined where the target says nothing of itself. */
  readonly info: ServerInfo | undefined
  /**
   * Best first, every document once.
   *
   * @throws UserError (environment) when there is no such answer.
   */
  ask(question: Pick<RerankRequest, 'query' | 'documents'>): Promise<readonly RankedDocument[]>
}

/** @throws UserError as `runLoad` does before it sends anything. */
export async function openReranker(
  options: Pick<RunOptions, 'target' | 'dialect' | 'apiKey' | 'model' | 'timeoutSeconds'>,
  signal: AbortSignal,
): Promise<Reranker> {
  const { dialect: name = defaults.dialect, timeoutSeconds = defaults.timeoutSeconds } = options
  const target = parseTargetUrl(options.target, '--target')
  const { apiKey, model } = options
  const asked = { dialect: name, documents: 1, batchForm: 'burst', apiKey, model } as const
  const found = await preflight(target, asked, signal)
  const { dialect, endpoint, info } = found
  return {
    dialect: dialect.name,
    info,
    async ask({ query, documents }) {
      const body = dialect.encodeRequest({
        ...(found.model !== undefined && { model: found.model }),
        ...{ query, documents, returnDocuments: false, rawScores: false },
        truncationDirection: 'right',
      })
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)])
      const unanswered = (why: string, cause?: unknown) =>
        environmentError(`${target.url} did not answer a question: ${why}.`, { cause })
      try {
        const {
          status,
          headers,
          text = '',
        } = await postText(endpoint.origin + endpoint.path, body, {
          headers: endpoint.headers,
          signal: limit,
        })
        if (status !== 200) throw new Error(`status ${String(status)}`)
        const result = dialect.decodeResult({ status, headers, body: text })
        if (isWhole(result, { documents: documents.length })) return result.ranking
        throw new Error('its answer does not rank every document once, with a number')
      } catch (error) {
        throw unanswered(systemCodeOf(error) ?? messageOf(error), error)
      }
    },
  }
}
