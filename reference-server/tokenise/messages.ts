import type { LostPart } from './truncation.ts'

/** What a tokeniser worker is given to start with. */
export interface WorkerSetup {
  readonly tokenizerJson: string
  readonly tokenizerConfigJson: string
}

export interface EncodeCall {
  readonly id: number
  readonly texts: readonly string[]
  /** The most ids a text gets. */
  readonly limit: number
  /** Which part of a longer text is given up. */
  readonly lost: LostPart
}

export type WorkerMessage =
  | { readonly kind: 'ready'; readonly template: PairTemplate }
  | {
      readonly kind: 'encoded'
      readonly id: number
      /** The ids of all texts, one text after the other. */
      readonly ids: Int32Array
      readonly lengths: Int32Array
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }

/** What the model's tokeniser puts around the two texts of a pair. */
export interface PairTemplate {
  readonly before: Int32Array
  readonly between: Int32Array
  readonly after: Int32Array
  /** token_type_ids of the document and what follows it; the query's are 0. */
  readonly documentType: number
  readonly paddingId: number
}
