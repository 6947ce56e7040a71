import { present } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { deviceFor } from './device.ts'
import type { DeviceChoice } from './infer/devices.ts'
import { Metering } from './metering.ts'
import { checkRanking, type CheckOutcome } from './model/check/index.ts'
import type { GraphWish } from './model/folder.ts'
import { loadModel } from './model/registry.ts'
import { Reranker } from './reranker.ts'

/** Runs the bilingual check on a model, by name or folder. Throws a `UserError` when it cannot be loaded. */
export async function checkModel(
  nameOrFolder: string,
  { device, ...wish }: GraphWish & { readonly device: DeviceChoice; readonly cache?: string },
  { clock, log }: { readonly clock: Clock; readonly log: (line: string) => void },
): Promise<readonly CheckOutcome[]> {
  const model = loadModel(nameOrFolder, wish)
  const reranker = await Reranker.start({
    model,
    device: deviceFor(model, device, false),
    // One question's ten candidates fit into a batch.
    maximumBatchTokens: 10 * model.defaultMaximumTokens,
    maximumPairs: Number.POSITIVE_INFINITY,
    cacheBytes: 0,
    clock,
    log,
    metering: new Metering(),
  })
  const never = new AbortController().signal
  try {
    return await checkRanking(async (request) => {
      const { results } = await reranker.rerank([request], { signal: never })
      return present(results[0], 'One query has one result.')
    })
  } finally {
    await reranker.close()
  }
}
