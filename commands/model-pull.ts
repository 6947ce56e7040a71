import { systemClock } from '../core/clock.ts'
import { usageError } from '../core/errors.ts'
import { hubNameOf, pullModel, type PulledModel } from '../reference-server/index.ts'
import type { CommandContext } from './command.ts'
import { modelCache } from './model-cache.ts'
import { progressBar } from './progress-bar.ts'

/** Pulls what `owner/name` or `owner/name@revision` names. Throws a `UserError`. */
export async function pull(
  name: string | undefined,
  revision: string | undefined,
  { environment, stderr, signal }: CommandContext,
): Promise<PulledModel> {
  const hubName = hubNameOf(name ?? '')
  if (hubName === undefined) {
    throw usageError(
      'Say what to pull as it is called on the hub: `rerankscope model pull OWNER/NAME`.',
    )
  }
  const token = environment['HF_TOKEN']
  const bar = progressBar('Pulling', stderr)
  return pullModel({
    hubName: { ...hubName, ...(revision !== undefined && { revision }) },
    cache: modelCache(environment),
    access: {
      endpoint: endpointOf(environment['HF_ENDPOINT']),
      ...(token !== undefined && token !== '' && { token }),
      ...{ clock: systemClock, signal },
    },
    onProgress: bar.update,
  }).finally(bar.stop)
}

function endpointOf(text: string | undefined): URL {
  const address = text === undefined || text === '' ? 'https://huggingface.co' : text
  if (!URL.canParse(address) || !/^https?:/i.test(address)) {
    throw usageError('HF_ENDPOINT is no http address: set it to one like https://huggingface.co.')
  }
  return new URL(address)
}
