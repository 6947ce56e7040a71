import { besideEachOther, joined } from '../weights.ts'
import type { Form, Workshop } from './form.ts'

/**
 * Tokens of all pairs one after the other, [tokens, hidden], padding left out of every layer: cost
 * follows the real tokens. Uses operators that ONNX Runtime has on CUDA only (RemovePadding and
 * PackedAttention of com.microsoft, version 1); they expect padding on the right.
 */
export function packed(workshop: Workshop): Form {
  const { graph, numbers, config } = workshop
  const { heads, hiddenSize } = config
  const offsets = 'token_offset'
  const starts = 'sequence_starts'

  /** [tokens, hidden] → [pairs, hidden]. */
  const firstTokens = (name: string, value: string) =>
    graph.node('Gather', name, [value, 'first_places'])
  return {
    enter(embedded, mask) {
      const counts = graph.node(
        'ReduceSum',
        'sequence_tokens',
        [graph.cast('mask_int32', mask, 'int32'), graph.integers('sequence_axis', [1])],
        { keepdims: 0 },
      )
      const outputs = ['packed_tokens', offsets, starts, 'longest_sequence']
      const tokens = graph.contrib('RemovePadding', outputs, [embedded, counts])
      // Where each sequence starts: all but the last of the cumulated lengths.
      const [from, to] = [graph.integers('from_first', [0]), graph.integers('to_last', [-1])]
      graph.node('Slice', 'first_places', [starts, from, to])
      return tokens
    },
    attend(prefix, hidden, isLast) {
      const at = `${prefix}.attention`
      const parts = ['query', 'key', 'value'].map((part) =>
        workshop.layer(`${at}.self.${part}`, hiddenSize, hiddenSize),
      )
      const weight = numbers.plain(`${at}.weight`, besideEachOther(parts.map((one) => one.weight)))
      const bias = numbers.plain(`${at}.bias`, joined(parts.map((one) => one.bias)))
      const context = graph.contrib(
        'PackedAttention',
        [`${at}.context`],
        [hidden, weight, bias, offsets, starts],
        { num_heads: heads },
      )
      return isLast
        ? { context: firstTokens('first_context', context), asking: firstTokens('first', hidden) }
        : { context, asking: hidden }
    },
    addAndNorm(name, value, residual) {
      const [scale, shift] = workshop.norm(name)
      return graph.contrib('SkipLayerNormalization', [name], [value, residual, scale, shift], {
        epsilon: config.layerNormEpsilon,
      })
    },
    leave: (hidden) => hidden,
  }
}
