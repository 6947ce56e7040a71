import type { EncoderConfig } from '../architectures/index.ts'
import type { GraphForm } from '../dtype.ts'
import type { OnnxGraph } from '../onnx.ts'
import type { Tensor } from '../weights.ts'
import type { Numbers } from './numbers.ts'
import { packed } from './packed.ts'
import { padded } from './padded.ts'

/** What the parts of one graph share. */
export interface Workshop {
  readonly graph: OnnxGraph
  readonly numbers: Numbers
  readonly config: EncoderConfig
  /** Weights and bias of a linear layer, as [outputs, inputs] and [outputs]. Throws on another shape. */
  readonly layer: (name: string, outputs: number, inputs: number) => Layer
  /** Scale and shift of a LayerNorm, as constants. */
  readonly norm: (name: string) => readonly [string, string]
}

export interface Layer {
  readonly weight: Tensor
  readonly bias: Tensor
}

/** How padding is treated; every method returns the name of its value. */
export interface Form {
  /** Embeddings [batch, sequence, hidden] → hidden states as this form keeps them. */
  enter(embedded: string, mask: string): string
  /**
   * One layer of attention, up to (not including) its output's linear layer. In the last layer only
   * first tokens ask: nothing else of it is read. `asking` is what the result is added to.
   */
  attend(
    prefix: string,
    hidden: string,
    isLast: boolean,
  ): { readonly context: string; readonly asking: string }
  /** LayerNorm(value + residual). */
  addAndNorm(name: string, value: string, residual: string): string
  /** The first tokens' hidden states behind the last layer → [batch, hidden]. */
  leave(hidden: string): string
}

/** One more = one file and one line here (and its name in `dtype.ts`). */
export const formOf: Readonly<Record<GraphForm, (workshop: Workshop) => Form>> = { padded, packed }
