import { isUtf8 } from 'node:buffer'
import { RerankFailure } from '../../core/rerank.ts'

/** A valid body of the deepest format needs 6 levels. */
export const maximumJsonDepth = 32
/** Keys of the outermost object; no format has half as many. */
const maximumKeys = 100

const quote = 34
const backslash = 92
const opens = new Set([91, 123])
const closes = new Set([93, 125])

/**
 * What a body says. Refused, as a `RerankFailure` that quotes nothing: what is no JSON or no UTF-8,
 * nesting that only an attack needs, a key that is there twice (two readers may believe different
 * ones), `__proto__`, and halves of characters, which no tokenizer takes.
 */
export function readJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw refused('The body is not UTF-8')
  const body = bytes.toString('utf8')
  checkShape(body)
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw refused('Failed to parse the request body as JSON')
  }
  // Only an escape can write half a character or hide a key's name, and both are rare.
  if (suspicious.test(body)) checkTexts(value)
  return value
}

const suspicious = /\\u[dD][89a-fA-F]|__proto__|\\u00[57]/

/** One pass that jumps from text to text, so that a body costs little more than its search for quotes. */
function checkShape(body: string): void {
  let depth = 0
  const keys = new Set<string>()
  for (let at = 0; at < body.length; at += 1) {
    const code = body.charCodeAt(at)
    if (opens.has(code)) {
      depth += 1
      if (depth > maximumJsonDepth) {
        throw refused(`The body is nested deeper than ${String(maximumJsonDepth)} levels`)
      }
    } else if (closes.has(code)) {
      depth -= 1
    } else if (code === quote) {
      const end = endOfText(body, at)
      if (depth === 1 && isKey(body, end)) addKey(keys, body.slice(at, end + 1))
      at = end
    }
  }
}

/** The place of the quote that ends the text which begins at `start`; the last place when none does. */
function endOfText(body: string, start: number): number {
  for (let end = body.indexOf('"', start + 1); end !== -1; end = body.indexOf('"', end + 1)) {
    let escapes = 0
    while (body.charCodeAt(end - 1 - escapes) === backslash) escapes += 1
    if (escapes % 2 === 0) return end
  }
  return body.length - 1
}

function isKey(body: string, end: number): boolean {
  let next = end + 1
  while (next < body.length && body.charCodeAt(next) <= 32) next += 1
  return body[next] === ':'
}

function addKey(keys: Set<string>, raw: string): void {
  if (raw.length > maximumKeyLength) throw refused('A key of the body is too long')
  let key = raw
  try {
    key = JSON.parse(raw) as string
  } catch {
    // Not JSON, which the parser will say.
  }
  if (keys.has(key)) throw refused('A key is in the body twice')
  keys.add(key)
  if (keys.size > maximumKeys) throw refused('The body has too many keys')
}

const maximumKeyLength = 1024

function checkTexts(value: unknown): void {
  if (typeof value === 'string') {
    if (/\p{Surrogate}/u.test(value)) throw refused('A text of the body holds half a character')
  } else if (Array.isArray(value)) {
    value.forEach(checkTexts)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, entry] of Object.entries(value)) {
      if (key === '__proto__') throw refused('The body has a key that is not allowed')
      checkTexts(key)
      checkTexts(entry)
    }
  }
}

const refused = (sentence: string) => new RerankFailure('invalid_json', sentence)
