import { z } from 'zod'
import type { TargetUrl } from '../core/target-url.ts'
import { getText } from './get-text.ts'
import type { Preflight } from './target.ts'

/** A list of models as OpenAI's API has it; vLLM's and Infinity's say more, which nobody needs here. */
const modelList = z.object({
  data: z.array(z.looseObject({ id: z.string(), root: z.string().nullish() })),
})
const askSeconds = 2

/**
 * What the target calls its model, the name under which it was published first. Where it has said
 * nothing yet, its list of models is asked; a target without one is not wrong.
 */
export async function modelNamesOf(
  target: TargetUrl,
  { info, model, endpoint }: Preflight,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const told = [info?.modelSource, model].filter((name) => name !== undefined)
  if (told.length > 0) return told
  for (const path of ['/v1/models', '/models']) {
    const models = await listedAt(target.url + path, endpoint.headers, signal)
    const [only, ...others] = models
    // Of several, nobody says which one answers.
    if (only !== undefined && others.length === 0) {
      return [only.root, only.id].filter((name) => typeof name === 'string')
    }
  }
  return []
}

async function listedAt(
  url: string,
  headers: Readonly<Record<string, string>>,
  stop: AbortSignal,
): Promise<z.infer<typeof modelList>['data']> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(askSeconds * 1000)])
  try {
    const { text = '' } = await getText(url, { headers, signal })
    return modelList.parse(JSON.parse(text)).data
  } catch {
    return []
  }
}
