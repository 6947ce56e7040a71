import type { PackedBatch } from '../batch/packed.ts'
import type { ModelGraph } from '../model/bundle.ts'

export const devices = ['auto', 'cuda', 'cpu'] as const
export type DeviceChoice = (typeof devices)[number]
export type Device = 'cuda' | 'cpu'

/** What the inference process is told first. */
export interface InferenceSetup {
  readonly graph: ModelGraph
  readonly device: DeviceChoice
  readonly threads: number
  readonly paddingId: number
  readonly documentType: number
}

export type ToProcess =
  | { readonly kind: 'load'; readonly setup: InferenceSetup }
  | { readonly kind: 'infer'; readonly id: number; readonly batch: PackedBatch }

export type FromProcess =
  | {
      readonly kind: 'ready'
      readonly device: Device
      /** Why a better device was not taken, where one was tried. */
      readonly notes: readonly string[]
      readonly residentBytes: number
    }
  | { readonly kind: 'unusable'; readonly message: string }
  | {
      readonly kind: 'scored'
      readonly id: number
      readonly logits: Float32Array
      readonly inferSeconds: number
      readonly residentBytes: number
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
