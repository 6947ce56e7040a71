/** A query and the documents that were retrieved for it. */
export interface DatasetQuery {
  /** Position in `texts`. */
  readonly text: number
  /** Positions in `texts`, the relevant ones first; at least one. */
  readonly candidates: readonly number[]
  /** How many of `candidates` are relevant. */
  readonly relevant: number
}

/**
 * Queries with their own candidate documents. One member a file. A data set MUST be the same, byte
 * for byte, for the same seed.
 */
export interface Dataset {
  readonly name: string
  /** Queries and documents, each once. */
  readonly texts: readonly string[]
  readonly queries: readonly DatasetQuery[]
}

export interface DatasetSource {
  readonly name: string
  /** For `--help`. */
  readonly summary: string
  load(seed: number): Dataset
}
