import { buildBert } from '../bert.ts'
import type { NamedModel } from '../bundle.ts'
import { tokenizerConfigJson, tokenizerJson } from './tokenizer.ts'
import { embeddedVocabulary } from './vocabulary.ts'
import { embeddedConfig, embeddedWeights } from './weights.ts'

/** Long enough for a paragraph, short enough for 1,000 pairs a second on two cores. */
const defaultMaximumTokens = 128

/** A genuine BERT whose weights are constructed, not trained: it compares words, not meanings. */
export const embedded: NamedModel = {
  name: 'embedded',
  summary: 'lexical, for demonstrations and CI: shared words raise the score, Chinese or English',
  build() {
    const vocabulary = embeddedVocabulary()
    const config = embeddedConfig(vocabulary.length)
    return {
      name: embedded.name,
      summary: embedded.summary,
      graph: {
        bytes: buildBert(config, embeddedWeights(config, vocabulary), 'rerankscope-embedded'),
      },
      tokenizerJson: JSON.stringify(tokenizerJson(vocabulary)),
      tokenizerConfigJson: JSON.stringify(tokenizerConfigJson(defaultMaximumTokens), null, 2),
      configJson: JSON.stringify(
        {
          architectures: ['BertForSequenceClassification'],
          model_type: 'bert',
          _name_or_path: `rerankscope/${embedded.name}`,
          vocab_size: config.vocabularySize,
          hidden_size: config.hiddenSize,
          num_attention_heads: config.heads,
          num_hidden_layers: config.layers,
          intermediate_size: config.intermediateSize,
          max_position_embeddings: config.maximumPositions,
          type_vocab_size: config.tokenTypes,
          layer_norm_eps: config.layerNormEpsilon,
          hidden_act: 'gelu',
          id2label: { '0': 'LABEL_0' },
          label2id: { LABEL_0: 0 },
        },
        null,
        2,
      ),
      defaultMaximumTokens,
      maximumTokens: config.maximumPositions,
    }
  },
}
