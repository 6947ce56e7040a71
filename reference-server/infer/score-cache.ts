import { LRUCache } from 'lru-cache'
import { mostEntries } from '../cache-room.ts'
import { digestOf, type ReadyText } from '../tokenise/tokeniser.ts'
import type { Truncation } from '../tokenise/truncation.ts'

/** What is known of a pair once it was scored. */
export interface KnownScore {
  readonly logit: number
  readonly tokens: number
  readonly truncated: boolean
}

/** What an entry costs, as measured over 100,000: its key, its values, its place in the list. */
const entryBytes = 440
/** 132 bits: two texts of the same digest are not met by chance. */
const digestCharacters = 22

/**
 * Scores of pairs seen before. A cross-encoder reads query and document together, so there is nothing
 * of a document alone that could be kept but its tokens: only the same pair, cut in the same way,
 * has a score that is known. One model a server, so the model is not part of the key; texts are
 * known by their digests and not kept.
 */
export class ScoreCache {
  readonly #scores: LRUCache<string, KnownScore>

  constructor(bytes: number) {
    const entries = Math.max(1, Math.floor(bytes / entryBytes))
    this.#scores = new LRUCache({ max: Math.min(mostEntries, entries) })
  }

  get size(): number {
    return this.#scores.size
  }

  /** The keys of a request's pairs, one a document. */
  keysOf(
    query: ReadyText,
    documents: readonly ReadyText[],
    { strategy, lost, maximumTokens }: Truncation,
  ): readonly string[] {
    // Whether a long text was cut decides nothing here: strategy `error` fails on `truncated`.
    const prefix = `${strategy} ${lost} ${String(maximumTokens)} ${nameOf(query)}`
    return documents.map((document) => prefix + nameOf(document))
  }

  get(key: string): KnownScore | undefined {
    return this.#scores.get(key)
  }

  /** A score that is no number is not kept: it may have been the device's fault. */
  keep(key: string, score: KnownScore): void {
    if (Number.isFinite(score.logit)) this.#scores.set(key, score)
  }
}

function nameOf({ text, unread }: ReadyText): string {
  return digestOf(text).slice(0, digestCharacters) + (unread ? '+' : '.')
}
