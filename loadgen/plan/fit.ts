import type { TokenCounter } from './tokens.ts'

/** Near enough: the exact count is reported beside it, and every further try encodes a whole text. */
const tolerance = 0.02
const maximumTries = 4

/** The first `characters` of the parts, joined; shorter only when there are no more parts. */
export function fittedToCharacters(parts: Iterable<string>, characters: number): string {
  let text = ''
  for (const part of parts) {
    if (text.length >= characters) break
    text += part
  }
  const cut = text.slice(0, characters)
  // Half a surrogate pair is no character; JSON would send it as an escape that servers refuse.
  return /[\uD800-\uDBFF]$/.test(cut) ? `${cut.slice(0, -1)} ` : cut
}

/** A text of so many tokens, special tokens not counted, within 2 % where the parts allow it. */
export function fittedToTokens(
  parts: () => Iterable<string>,
  tokens: number,
  counter: TokenCounter,
): string {
  let characters = tokens
  let text = ''
  for (let attempt = 0; attempt < maximumTries; attempt += 1) {
    text = fittedToCharacters(parts(), Math.max(1, Math.round(characters)))
    const counted = Math.max(1, counter.count(text))
    if (Math.abs(counted / tokens - 1) <= tolerance) break
    characters = (text.length * tokens) / counted
  }
  return text
}
