import type { PackedBatch } from '../batch/packed.ts'
import type { ModelGraph } from '../model/bundle.ts'
import type { Device, DeviceWish } from './devices.ts'

/** What the inference process is told first. */
export interface InferenceSetup {
  readonly graph: ModelGraph
  readonly device: DeviceWish
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
      /** Times a part of the batch did not fit into memory and was halved. */
      readonly splits: number
      readonly residentBytes: number
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
