/** A query and the documents that were retrieved for it. */
export interface DatasetQuery {
  /** Number of its text. */
  readonly text: number
  /** Numbers of the documents' texts, the relevant ones first; at least one. */
  readonly candidates: readonly number[]
  /** How many of `candidates` are relevant. */
  readonly relevant: number
  /** Of each candidate, where the files grade them; else relevant is all there is to say. */
  readonly grades?: readonly number[]
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
  /** Candidates that the files hold beyond what a query may have; absent is none. */
  readonly droppedCandidates?: number
}

export interface DatasetRequest {
  readonly seed: number
  /** So many queries are taken, chosen by the seed; all where there are fewer. */
  readonly queries: number
  /** Which part of the files; of a kind that has splits, always one that is there. */
  readonly split?: string | undefined
}

/** A data set that is made, not read. */
export interface MadeSource {
  readonly name: string
  /** For `--help`. */
  readonly summary: string
  load(request: DatasetRequest): Promise<Dataset>
}

/** A kind of data set that the user has on disk. A reader MUST hold no more than what it was asked for. */
export interface FileSource {
  readonly name: string
  readonly summary: string
  /** Whether the path looks like one; the first that says so reads it. */
  recognises(path: string): Promise<boolean>
  /**
   * The splits that the files have, first the one to take unless another is named; none where the
   * files have no such parts. Absent: no files of this kind have.
   *
   * @throws UserError (usage) when files that are needed are missing.
   */
  splits?(path: string): Promise<readonly string[]>
  /** @throws UserError (usage) naming file, line and field of what cannot be understood. */
  load(path: string, request: DatasetRequest): Promise<Dataset>
}

export const queryLimits = { default: 500, maximum: 5000 }
/** More candidates of one query than any profile asks for. */
export const maximumCandidates = 1000

/** What to take first unless a split is named: small ones made for judging before the large one. */
const preferredSplits = ['dev', 'test', 'validation', 'train']

/** Splits, each once, the one to take unless another is named first. */
export function inOrder(splits: Iterable<string>): readonly string[] {
  const rank = (split: string) => {
    const at = preferredSplits.indexOf(split)
    return at === -1 ? preferredSplits.length : at
  }
  return [...new Set(splits)].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
}
