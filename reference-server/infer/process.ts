import type { InferenceSession } from 'onnxruntime-node'
import { systemClock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { PackedBatch } from '../batch/packed.ts'
import type { FromProcess, InferenceSetup, ToProcess } from './messages.ts'
import { pad } from './padding.ts'
import { openSession, score } from './session.ts'
import { scoreSplitting } from './splitting.ts'

/**
 * The inference process: `run()` blocks its thread, and memory of a released session never comes
 * back, so it lives alone and can be killed and started again. It ends when its parent does (the
 * channel closes); Ctrl-C reaches it too, but the parent still wants the answers it was promised.
 */
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

let model: { readonly session: InferenceSession; readonly setup: InferenceSetup } | undefined

async function load(setup: InferenceSetup): Promise<void> {
  try {
    const { session, device, notes } = await openSession(setup)
    model = { session, setup }
    send({ kind: 'ready', device, notes, residentBytes: process.memoryUsage.rss() })
  } catch (error) {
    send({ kind: 'unusable', message: messageOf(error) })
  }
}

async function infer(id: number, batch: PackedBatch): Promise<void> {
  try {
    if (model === undefined) throw new Error('no model is loaded')
    const { session, setup } = model
    const started = systemClock.monotonicSeconds()
    const { logits, splits } = await scoreSplitting(batch, (part) =>
      score(session, pad(part, setup.paddingId, setup.documentType)),
    )
    const inferSeconds = systemClock.monotonicSeconds() - started
    const residentBytes = process.memoryUsage.rss()
    send({ kind: 'scored', id, logits, inferSeconds, splits, residentBytes })
  } catch (error) {
    send({ kind: 'failed', id, message: messageOf(error) })
  }
}

function send(message: FromProcess): void {
  process.send?.(message)
}

/** One after the other: two runs at once would share the cores and finish both late. */
let last = Promise.resolve()
process.on('message', (message: ToProcess) => {
  last = last.then(() =>
    message.kind === 'load' ? load(message.setup) : infer(message.id, message.batch),
  )
})
