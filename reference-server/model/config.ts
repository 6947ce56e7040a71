import { z } from 'zod'
import { wordsOf } from '../../core/problems.ts'
import { architectures, type Architecture, type EncoderConfig } from './architectures/index.ts'

const count = z.number().int().positive()

/** What of a `config.json` decides how a graph is built; the rest of the file is kept as it is. */
const encoderSchema = z.object({
  model_type: z.string(),
  vocab_size: count,
  hidden_size: count,
  num_attention_heads: count,
  num_hidden_layers: count,
  intermediate_size: count,
  max_position_embeddings: count,
  type_vocab_size: count,
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_act: z.literal('gelu').default('gelu'),
  position_embedding_type: z.literal('absolute').default('absolute'),
})

/**
 * Architecture and shape from the text of a `config.json`. Throws an `Error` whose sentence says
 * which field we cannot take.
 */
export function encoderOf(configJson: string): {
  readonly architecture: Architecture
  readonly config: EncoderConfig
} {
  const parsed = encoderSchema.safeParse(JSON.parse(configJson))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new Error(
      `${issue?.path.join('.') ?? ''}: ${issue === undefined ? 'wrong' : wordsOf(issue)}`,
    )
  }
  const json = parsed.data
  const architecture = architectures.find((one) => one.modelTypes.includes(json.model_type))
  if (architecture === undefined) {
    const known = architectures.flatMap(({ modelTypes }) => modelTypes).join(', ')
    throw new Error(`model_type ${JSON.stringify(json.model_type)} is none of ${known}`)
  }
  const config = {
    vocabularySize: json.vocab_size,
    hiddenSize: json.hidden_size,
    heads: json.num_attention_heads,
    layers: json.num_hidden_layers,
    intermediateSize: json.intermediate_size,
    maximumPositions: json.max_position_embeddings,
    tokenTypes: json.type_vocab_size,
    layerNormEpsilon: json.layer_norm_eps,
  }
  if (config.hiddenSize % config.heads !== 0) {
    throw new Error(`hidden_size is not a multiple of num_attention_heads`)
  }
  return { architecture, config }
}

/** The text of a `config.json` that `encoderOf` and Hugging Face's libraries read. */
export function configJsonOf(
  name: string,
  architecture: Architecture,
  config: EncoderConfig,
): string {
  const json = {
    architectures: [architecture.className],
    model_type: architecture.modelTypes[0],
    _name_or_path: `rerankscope/${name}`,
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
  }
  return JSON.stringify(json, null, 2)
}

/** The longest pair that the position table allows. */
export function maximumTokensOf(architecture: Architecture, config: EncoderConfig): number {
  return config.maximumPositions - architecture.firstPosition
}
