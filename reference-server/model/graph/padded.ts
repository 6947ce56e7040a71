import type { Form, Workshop } from './form.ts'

/** Added to the attention logits of padding; far below any real logit, far above -Infinity's NaN. */
const maskedLogit = -1e4

/** A rectangle [batch, sequence, hidden] whose padding is masked in attention: ONNX's own operators only. */
export function padded(workshop: Workshop): Form {
  const { graph, numbers, config } = workshop
  const { heads, hiddenSize } = config
  let bias = ''

  const linear = (name: string, input: string) => {
    const { weight, bias } = workshop.layer(name, hiddenSize, hiddenSize)
    return numbers.linear(name, input, weight, bias)
  }
  const headsOf = (at: string, part: string, from: string, perm: readonly number[]) => {
    const split = graph.integers('heads_shape', [0, 0, heads, hiddenSize / heads])
    const parts = graph.node('Reshape', `${at}.${part}.split`, [
      linear(`${at}.self.${part}`, from),
      split,
    ])
    return graph.node('Transpose', `${at}.${part}.heads`, [parts], { perm })
  }
  return {
    enter(embedded, mask) {
      bias = maskBias(workshop, mask)
      return embedded
    },
    attend(prefix, hidden, isLast) {
      const at = `${prefix}.attention`
      const asking = isLast ? firstToken(workshop, hidden) : hidden
      const query = headsOf(at, 'query', asking, [0, 2, 1, 3])
      const key = headsOf(at, 'key', hidden, [0, 2, 3, 1])
      const value = headsOf(at, 'value', hidden, [0, 2, 1, 3])
      const root = numbers.scalar('head_root', Math.sqrt(hiddenSize / heads))
      // Divided before they are multiplied: in float16 the products alone could overflow.
      const scaled = graph.node('Div', `${at}.scaled`, [query, root])
      const products = graph.node('MatMul', `${at}.products`, [scaled, key])
      const masked = graph.node('Add', `${at}.masked`, [products, bias])
      const shares = graph.node('Softmax', `${at}.shares`, [masked], { axis: -1 })
      const context = graph.node('MatMul', `${at}.context`, [shares, value])
      const turned = graph.node('Transpose', `${at}.turned`, [context], { perm: [0, 2, 1, 3] })
      const shape = graph.integers('joined_shape', [0, 0, hiddenSize])
      return { context: graph.node('Reshape', `${at}.joined`, [turned, shape]), asking }
    },
    addAndNorm(name, value, residual) {
      const sum = graph.node('Add', `${name}.sum`, [value, residual])
      return graph.node('LayerNormalization', name, [sum, ...workshop.norm(name)], {
        axis: -1,
        epsilon: config.layerNormEpsilon,
      })
    },
    leave: (hidden) =>
      graph.node('Squeeze', 'first_token', [hidden, graph.integers('token_axis', [1])]),
  }
}

/** [batch, sequence, hidden] → [batch, 1, hidden]. */
function firstToken({ graph }: Workshop, hidden: string): string {
  return graph.node('Gather', 'first', [hidden, graph.integers('zero', [0])], { axis: 1 })
}

/** [batch, 1, 1, sequence]: 0 on tokens, `maskedLogit` on padding. */
function maskBias({ graph, numbers }: Workshop, mask: string): string {
  const wide = graph.node('Unsqueeze', 'mask_wide', [mask, graph.integers('mask_axes', [1, 2])])
  const padding = graph.node('Sub', 'padding', [
    numbers.scalar('one', 1),
    graph.cast('mask_float', wide, numbers.type),
  ])
  return graph.node('Mul', 'mask_bias', [padding, numbers.scalar('masked_logit', maskedLogit)])
}
