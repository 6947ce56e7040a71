import { parser } from '@prometheus-io/lezer-promql'

/** What the rules ask about a PromQL expression, read with Prometheus' own grammar. */
export interface Expression {
  /** What cannot be parsed; undefined: all can. */
  readonly error: string | undefined
  readonly selectors: readonly SeriesSelector[]
  /** Numbers that something is compared with, by an order and not by equality. */
  readonly limits: readonly number[]
}

export interface SeriesSelector {
  /** Of the metric; several where `__name__` is matched with alternatives. */
  readonly names: readonly string[]
  readonly matchers: readonly {
    readonly label: string
    readonly operator: string
    readonly value: string
  }[]
  /** `[5m]` → `5m`, Grafana's variables as they were written; undefined: the latest sample. */
  readonly window: string | undefined
  /** Functions and aggregations around it, from the inside outwards: `rate`, `sum`. */
  readonly within: readonly string[]
}

/** Grafana's windows are no PromQL; the grammar takes durations that nobody would write. */
const placeholders = new Map([
  ['$__rate_interval', '1d1ms'],
  ['$__range', '1d2ms'],
  ['$__interval', '1d3ms'],
])

type Node = ReturnType<typeof parser.parse>['topNode']

export function parseExpression(written: string): Expression {
  const text = [...placeholders].reduce(
    (so, [variable, duration]) => so.replaceAll(variable, duration),
    written,
  )
  const selectors: SeriesSelector[] = []
  const limits: number[] = []
  let error: string | undefined
  parser.parse(text).iterate({
    enter({ node, type, from }) {
      if (type.isError) error ??= text.slice(from, from + 20)
      if (type.name === 'VectorSelector') selectors.push(selectorOf(node, text))
      if (['Gtr', 'Gte', 'Lss', 'Lte'].includes(type.name)) {
        const limit = node.nextSibling
        if (limit?.name === 'NumberDurationLiteral') limits.push(Number(textOf(limit, text)))
      }
    },
  })
  return { error, selectors, limits }
}

function selectorOf(node: Node, text: string): SeriesSelector {
  const name = node.getChild('Identifier')
  const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(
    (matcher) => ({
      label: textOf(matcher.getChild('LabelName'), text),
      operator: textOf(matcher.getChild('MatchOp'), text),
      value: textOf(matcher.getChild('StringLiteral'), text).slice(1, -1),
    }),
  )
  const byLabel = matchers.find(({ label }) => label === '__name__')
  const parent = node.parent
  return {
    names: name === null ? (byLabel?.value.split('|') ?? []) : [textOf(name, text)],
    matchers: matchers.filter(({ label }) => label !== '__name__'),
    window: parent?.name === 'MatrixSelector' ? windowOf(textOf(parent, text)) : undefined,
    within: [...callsAround(node, text)],
  }
}

function windowOf(matrixSelector: string): string {
  const window = /\[([^\]]*)\]$/.exec(matrixSelector)?.[1] ?? ''
  const variable = [...placeholders].find(([, duration]) => duration === window)
  return variable?.[0] ?? window
}

function* callsAround(node: Node, text: string): Iterable<string> {
  for (let around = node.parent; around !== null; around = around.parent) {
    const call = around.getChild('FunctionIdentifier') ?? around.getChild('AggregateOp')
    if (call !== null) yield textOf(call, text).toLowerCase()
  }
}

function textOf(node: Node | null, text: string): string {
  return node === null ? '' : text.slice(node.from, node.to)
}
