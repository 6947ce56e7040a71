import { usageError } from '../../../core/errors.ts'
import { configJsonOf } from '../config.ts'
import { embeddedVocabulary } from '../embedded/vocabulary.ts'
import { tokenizerConfigJson, tokenizerJson, type SpecialTokens } from '../wordpiece.ts'
import { randomWeights } from './random-weights.ts'
import type { ModelRecipe, SourceKind } from './source.ts'
import { twinShapes, type TwinShape } from './twin-shapes.ts'

/** Longer pairs are rarely wanted of a reranker, whatever its positions allow. */
const defaultMaximumTokens = 512

/**
 * Random weights at the exact shape of a named model: the hardware does the same work, so that it
 * can be measured without a download of gigabytes. Its scores mean nothing.
 */
export const twin: SourceKind = {
  name: 'twin',
  takes: '`--twin` with one of ' + twinShapes.map(({ name }) => name).join(', '),
  open({ name, twin: wanted, seed }) {
    if (!wanted) return undefined
    const shape = twinShapes.find((one) => one.name === name)
    if (shape === undefined) {
      throw usageError(
        `There is no twin of ${JSON.stringify(name)}: name one of ${twinShapes.map((one) => one.name).join(', ')}.`,
      )
    }
    return recipeOf(shape, seed)
  },
}

function recipeOf(shape: TwinShape, seed: number): ModelRecipe {
  const { architecture, config } = shape
  const name = `${shape.name}-twin`
  const specials = architecture.tokenTypeInput ? bertSpecials : robertaSpecials
  return {
    name,
    summary: `random weights at the shape of ${shape.of}: for measuring hardware, its scores mean nothing`,
    architecture,
    config,
    weights: randomWeights(architecture, config, seed),
    configJson: configJsonOf(name, architecture, config),
    tokenizerJson: JSON.stringify(
      tokenizerJson({
        tokens: syntheticTokens(specials, config.vocabularySize),
        specials,
        separatorsBetween: architecture.tokenTypeInput ? 1 : 2,
        documentType: architecture.tokenTypeInput ? 1 : 0,
      }),
    ),
    tokenizerConfigJson: JSON.stringify(
      tokenizerConfigJson(specials, Math.min(defaultMaximumTokens, config.maximumPositions)),
      null,
      2,
    ),
    defaultMaximumTokens,
  }
}

/** In the order of their ids. */
const bertSpecials: SpecialTokens = {
  padding: '[PAD]',
  unknown: '[UNK]',
  classification: '[CLS]',
  separator: '[SEP]',
  mask: '[MASK]',
}
const robertaSpecials: SpecialTokens = {
  classification: '<s>',
  padding: '<pad>',
  separator: '</s>',
  unknown: '<unk>',
  mask: '<mask>',
}

/**
 * A vocabulary of the right size, not of the right words: letters, characters and syllables, then
 * tokens that no text has. A text has about as many tokens as with the real one.
 */
function syntheticTokens(specials: SpecialTokens, size: number): readonly string[] {
  const own = Object.values<string>({ ...specials })
  const pieces = embeddedVocabulary()
    .map(({ token }) => token)
    .filter((token) => !token.startsWith('['))
  // Short pieces first: whatever is cut off, every word can still be spelt.
  const bySize = [1, 2, 3, 4].flatMap((length) =>
    pieces.filter((token) => token.replace('##', '').length === length),
  )
  const tokens = [...own, ...bySize].slice(0, size)
  while (tokens.length < size) tokens.push(`[unused${String(tokens.length)}]`)
  return tokens
}
