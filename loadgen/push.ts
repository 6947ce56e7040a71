import { randomUUID } from 'node:crypto'
import { systemClock, type Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { ReadingProducer } from '../core/exposition.ts'
import { startOtlp, type OtlpTarget } from '../core/otlp.ts'
import { resourceOf } from '../core/resource.ts'
import type { LiveMetrics } from './measure/live-metrics.ts'

/** Often enough to follow a run of half a minute. */
const intervalSeconds = 5

export interface Push {
  /** Pushes the last figures and stops; a sentence when pushing failed. Never rejects. */
  end(): Promise<string | undefined>
}

/** Pushes a run's own metrics every few seconds. What goes wrong is told at the end: the run goes on. */
export async function startPush(
  target: OtlpTarget,
  live: LiveMetrics,
  context: {
    readonly environment?: Readonly<Record<string, string | undefined>> | undefined
    readonly version?: string | undefined
    readonly clock?: Clock | undefined
  },
): Promise<Push> {
  const { environment = {}, version = '', clock = systemClock } = context
  // Another run from the same machine must not continue this one's series.
  const instance = randomUUID().slice(0, 8)
  const troubles: string[] = []
  try {
    const push = await startOtlp({
      target,
      intervalSeconds,
      producer: new ReadingProducer({
        readings: () => live.readings(),
        resource: resourceOf({ service: 'rerankscope-load', environment, version, instance }),
        wallSeconds: () => clock.wallSeconds(),
      }),
      onTrouble: (sentence) => troubles.push(sentence),
    })
    return {
      end: async () => {
        await push.shutdown()
        return troubles[0]
      },
    }
  } catch (error) {
    return { end: () => Promise.resolve(`pushing over OTLP fails: ${messageOf(error)}`) }
  }
}
