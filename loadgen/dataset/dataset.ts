/** A query and the documents that were retrieved for it. */
export interface DatasetQuery {
  /** Number of its text. */
  readonly text: number
  /** Numbers of the documents' texts, the relevant ones first; at least one. */
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
  /** Texts are numbered from 0, queries and documents together. */
  readonly size: number
  /** May be made on demand: ask once for each text that is used. */
  textOf(number: number): string
  readonly queries: readonly DatasetQuery[]
}

export interface DatasetSource {
  readonly name: string
  /** For `--help`. */
  readonly summary: string
  load(seed: number): Dataset
}
