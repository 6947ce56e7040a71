import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { cachedTokenizer } from '../loadgen/index.ts'
import { modelCache } from './model-cache.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Looks for the tokenizer.json of a model by its name on a hub, on this machine alone: among the models
 * that were pulled, then in the cache of Hugging Face's own tools.
 */
export function tokenizerFinder(
  environment: Environment,
): (model: string) => Promise<string | undefined> {
  const own = modelCache(environment)
  return async (model) =>
    (await pulledTokenizer(own, model)) ?? (await cachedTokenizer(hubCache(environment), model))
}

async function pulledTokenizer(cache: string, model: string): Promise<string | undefined> {
  if (!existsSync(cache)) return undefined
  // Only who has pulled a model waits for what knows where it lies.
  const { pulledModels } = await import('../reference-server/index.ts')
  const pulled = pulledModels(cache).find(({ name, revision }) =>
    [name, `${name}@${revision}`].includes(model),
  )
  const file = join(pulled?.folder ?? '', 'tokenizer.json')
  return pulled !== undefined && existsSync(file) ? file : undefined
}

/** As huggingface_hub finds it. */
function hubCache(environment: Environment): string {
  const set = (name: string) => (environment[name] === '' ? undefined : environment[name])
  const shared = set('XDG_CACHE_HOME') ?? join(homedir(), '.cache')
  return (
    set('HF_HUB_CACHE') ??
    set('HUGGINGFACE_HUB_CACHE') ??
    join(set('HF_HOME') ?? join(shared, 'huggingface'), 'hub')
  )
}
