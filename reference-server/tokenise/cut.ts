import type { TruncationDirection } from '../../core/rerank.ts'
import type { LostPart } from './truncation.ts'

/** No text gives fewer tokens than one in so many characters, or we do not care to find out. */
export const maximumCharactersPerToken = 64
/** A cut within a word changes the tokens next to it; so many are thrown away. */
const doubtfulTokens = 16
/** How far a cut may move to find the end of a word. */
const wordCharacters = 64

/**
 * The ids of a text that are kept when it has more than `limit`: the first (`right` is lost), the last
 * (`left`), or as many of both (`middle`); without splitting all of it, because a tokeniser's time
 * grows with the characters, and texts can be a thousand times too long. Equal to splitting the whole
 * text and cutting the ids, as long as words end somewhere.
 */
export function encodeAtMost(
  text: string,
  limit: number,
  lost: LostPart,
  encode: (text: string) => readonly number[],
): readonly number[] {
  if (lost !== 'middle') return encodeOneEnd(text, limit, lost, encode)
  const tail = Math.floor(limit / 2)
  const head = encodeOneEnd(text, limit, 'right', encode)
  if (head.length < limit) return head
  return [...head.slice(0, limit - tail), ...encodeOneEnd(text, tail, 'left', encode)]
}

function encodeOneEnd(
  text: string,
  limit: number,
  direction: TruncationDirection,
  encode: (text: string) => readonly number[],
): readonly number[] {
  const enough = limit + doubtfulTokens
  const most = Math.min(text.length, limit * maximumCharactersPerToken)
  let characters = Math.min(most, enough)
  for (;;) {
    const part = cut(text, characters, direction)
    const ids = encode(part)
    if (ids.length >= enough || part.length >= most) {
      return direction === 'right'
        ? ids.slice(0, limit)
        : ids.slice(Math.max(0, ids.length - limit))
    }
    const charactersPerToken = characters / Math.max(1, ids.length)
    const growth = Math.max(1.5 * characters, 1.2 * enough * charactersPerToken)
    characters = Math.min(most, Math.ceil(growth))
  }
}

/** `characters` from the end that is kept, or some more so that no word is cut in two. */
export function cut(text: string, characters: number, direction: TruncationDirection): string {
  if (characters >= text.length) return text
  if (direction === 'right') {
    for (let end = characters; end < characters + wordCharacters; end += 1) {
      if (end >= text.length) return text
      if (isBoundary(text, end)) return text.slice(0, end)
    }
    return text.slice(0, characters)
  }
  const from = text.length - characters
  for (let start = from; start > from - wordCharacters; start -= 1) {
    if (start <= 0) return text
    if (isBoundary(text, start)) return text.slice(start)
  }
  return text.slice(from)
}

/** Between a space or a Chinese character and anything else, no word is cut. */
function isBoundary(text: string, at: number): boolean {
  return standsAlone(text.charCodeAt(at)) || standsAlone(text.charCodeAt(at - 1))
}

function standsAlone(code: number): boolean {
  return code <= 0x20 || (code >= 0x3000 && code <= 0x303f) || (code >= 0x3400 && code <= 0x9fff)
}
