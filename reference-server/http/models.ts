import { RerankFailure } from '../../core/rerank.ts'

/**
 * Throws a failure for a model that is not served. Without a list every name is taken: most clients
 * must send one, and few can leave it out.
 */
export function checkModel(named: string | undefined, served: readonly string[]): void {
  if (named === undefined || served.length === 0 || served.includes(named)) return
  throw new RerankFailure('model_not_found', 'The model does not exist.')
}
