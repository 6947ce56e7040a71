import { bert } from '../architectures/bert.ts'
import { configJsonOf } from '../config.ts'
import type { ModelRecipe } from '../sources/source.ts'
import { tokenizerConfigJson, tokenizerJson } from '../wordpiece.ts'
import { embeddedVocabulary, specialTokens } from './vocabulary.ts'
import { embeddedConfig, embeddedWeights } from './weights.ts'

/** Long enough for a paragraph, short enough for 1,000 pairs a second on two cores. */
const defaultMaximumTokens = 128

export const embeddedName = 'embedded'
export const embeddedSummary =
  'lexical, for demonstrations and CI: shared words raise the score, Chinese or English'

/** A genuine BERT whose weights are constructed, not trained: it compares words, not meanings. */
export function embeddedRecipe(): ModelRecipe {
  const vocabulary = embeddedVocabulary()
  const config = embeddedConfig(vocabulary.length)
  return {
    name: embeddedName,
    summary: embeddedSummary,
    architecture: bert,
    config,
    weights: embeddedWeights(config, vocabulary),
    configJson: configJsonOf(embeddedName, bert, config),
    tokenizerJson: JSON.stringify(
      tokenizerJson({
        tokens: vocabulary.map(({ token }) => token),
        specials: specialTokens,
        separatorsBetween: 1,
        documentType: 1,
      }),
    ),
    tokenizerConfigJson: JSON.stringify(
      tokenizerConfigJson(specialTokens, defaultMaximumTokens),
      null,
      2,
    ),
    defaultMaximumTokens,
  }
}
