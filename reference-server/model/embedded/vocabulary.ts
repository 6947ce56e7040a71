import { chineseCommonCharacters, chineseFunctionCharacters, englishStopWords } from './words.ts'

export interface VocabularyEntry {
  readonly token: string
  /** How much a match of this token says, in (0, 1]; 1 for a word's own beginning. */
  readonly salience: number
  /** Tokens without an identity match nothing, themselves included. */
  readonly identity: boolean
}

export const specialTokens = {
  padding: '[PAD]',
  unknown: '[UNK]',
  classification: '[CLS]',
  separator: '[SEP]',
  mask: '[MASK]',
} as const

/** The least salience; the scale of the model's salience channel is fitted to it. */
export const minimumSalience = 0.01

const saliences = {
  stop: 0.05,
  punctuation: minimumSalience,
  /** A word's beginning by the number of letters it holds. */
  start: [0.5, 0.8, 1, 1],
  /** Its continuation: shared by many words, so it only sharpens a match. */
  continuation: [0.15, 0.45, 0.7],
  startDigits: [0.6, 1, 1],
  continuationDigits: [0.4, 0.6, 0.6],
  functionCharacter: 0.06,
  commonCharacter: 0.35,
  frequentCharacter: 0.8,
  rareCharacter: 1,
} as const

const letters = Array.from('abcdefghijklmnopqrstuvwxyz')
const digits = Array.from('0123456789')
const punctuation = Array.from(
  '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~，。、；：？！“”‘’（）《》【】…—·「」『』〈〉％～￥',
)
/** Beginnings without a vowel that English has all the same. */
const vowelLess = ['chr', 'phr', 'sch', 'scr', 'shr', 'sph', 'spl', 'spr', 'str', 'thr']

/**
 * WordPiece vocabulary of letter trigrams (longest match first), digits, punctuation and Chinese
 * characters: no word list is needed, so none has to be shipped, and almost nothing is unknown.
 * Position in the list is the token's id.
 */
export function embeddedVocabulary(): readonly VocabularyEntry[] {
  const entries = new Map<string, VocabularyEntry>()
  const add = (token: string, salience: number, identity = true) => {
    if (!entries.has(token)) entries.set(token, { token, salience, identity })
  }
  for (const token of Object.values(specialTokens)) add(token, minimumSalience, false)
  for (const word of englishStopWords) add(word, saliences.stop)
  // "has" must not make a stop word of the beginning of "hash": one more letter, another token.
  for (const word of englishStopWords) {
    if (word.length === 3) for (const letter of letters) add(word + letter, saliences.start[3])
  }
  const pieces = [letters, products(letters, 2), products(letters, 3).filter(isLikely)]
  for (const [at, group] of pieces.entries()) {
    for (const piece of group) {
      add(piece, saliences.start[at] ?? 1)
      add(`##${piece}`, saliences.continuation[at] ?? 1)
    }
  }
  for (const at of [0, 1, 2]) {
    for (const number of products(digits, at + 1)) {
      add(number, saliences.startDigits[at] ?? 1)
      add(`##${number}`, saliences.continuationDigits[at] ?? 1)
    }
  }
  for (const mark of punctuation) add(mark, saliences.punctuation)
  for (const { character, rare } of chineseCharacters()) {
    add(character, characterSalience(character, rare))
  }
  return [...entries.values()]
}

function isLikely(trigram: string): boolean {
  return /[aeiouy]/.test(trigram) || vowelLess.includes(trigram)
}

function characterSalience(character: string, rare: boolean): number {
  if (chineseFunctionCharacters.has(character)) return saliences.functionCharacter
  if (chineseCommonCharacters.has(character)) return saliences.commonCharacter
  return rare ? saliences.rareCharacter : saliences.frequentCharacter
}

function products(alphabet: readonly string[], length: number): readonly string[] {
  if (length === 1) return alphabet
  return products(alphabet, length - 1).flatMap((head) => alphabet.map((tail) => head + tail))
}

/**
 * Simplified and traditional Chinese from the two national standards, whose first level is the
 * characters in everyday use: GB 2312 (levels 1 and 2) and Big5 (level 1).
 */
function chineseCharacters(): readonly { character: string; rare: boolean }[] {
  const trailing = range(0xa1, 0xfe)
  const simplified = new TextDecoder('gbk')
  const traditional = new TextDecoder('big5')
  return [
    ...decoded(simplified, range(0xb0, 0xd7), trailing).map((one) => ({ ...one, rare: false })),
    ...decoded(simplified, range(0xd8, 0xf7), trailing).map((one) => ({ ...one, rare: true })),
    ...decoded(traditional, range(0xa4, 0xc6), [...range(0x40, 0x7e), ...trailing]).map((one) => ({
      ...one,
      rare: false,
    })),
  ]
}

function decoded(decoder: InstanceType<typeof TextDecoder>, leads: number[], trails: number[]) {
  return leads.flatMap((lead) =>
    trails
      .map((trail) => ({ character: decoder.decode(Uint8Array.of(lead, trail)) }))
      .filter(({ character }) => /^\p{Script=Han}$/u.test(character)),
  )
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}
