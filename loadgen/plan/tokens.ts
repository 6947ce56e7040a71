/** Counts tokens as the target's model does, or nearly. */
export interface TokenCounter {
  /** For people: what counted. */
  readonly name: string
  /** Without special tokens. */
  count(text: string): number
  /** That a pair of texts gets around and between them. */
  readonly specialTokens: number
}

/** Han, kana, hangul and full-width forms: about a token each. Of other text four characters are one. */
const wide = /[\u1100-\u11FF\u2E80-\u9FFF\uA960-\uA97F\uAC00-\uD7FF\uF900-\uFAFF\uFF00-\uFFEF]/g
const charactersPerToken = 4

/** Where no tokenizer is at hand: for making texts of about a length, never for reporting one. */
export const roughCounter: TokenCounter = {
  name: 'estimate',
  count(text) {
    const wideCharacters = text.match(wide)?.length ?? 0
    return wideCharacters + Math.ceil((text.length - wideCharacters) / charactersPerToken)
  },
  specialTokens: 3,
}
