import { numberText, type Query } from './query.ts'

/** One series a group. `avg` is missing on purpose: divide two sums instead. */
export function aggregate<L extends string, const B extends L>(
  how: 'sum' | 'min' | 'max' | 'count',
  by: readonly B[],
  query: Query<L>,
): Query<B> {
  const grouping = by.length === 0 ? '' : ` by (${by.join(', ')})`
  return { text: `${how}${grouping} (${query.text})`, metrics: query.metrics, labels: by }
}

/** Seconds since the Unix time that a gauge holds. */
export function secondsSince<L extends string>(query: Query<L>): Query<L> {
  return { ...query, text: `time() - ${operand(query)}`, binary: true }
}

export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!='

/** Keeps the series whose value stands so to `limit`, or to that of the series with the same labels. */
export function compare<L extends string>(
  query: Query<L>,
  how: Comparison,
  limit: number | Query<NoInfer<L>>,
): Query<L> {
  if (typeof limit !== 'number') return join(query, how, limit)
  return { ...query, text: `${operand(query)} ${how} ${numberText(limit)}`, binary: true }
}

/** Arithmetic between two queries whose series carry the same labels. */
export function arithmetic<L extends string>(
  left: Query<L>,
  how: '+' | '-' | '*' | '/',
  right: Query<NoInfer<L>> | number,
): Query<L> {
  if (typeof right === 'number') {
    return { ...left, text: `${operand(left)} ${how} ${numberText(right)}`, binary: true }
  }
  return join(left, how, right)
}

/** Keeps the left series that have (`and`) or lack (`unless`) a partner with the same `on` labels. */
export function filter<L extends string, R extends string>(
  left: Query<L>,
  how: 'and' | 'unless',
  on: readonly (L & R)[],
  right: Query<R>,
): Query<L> {
  return join(left, `${how} on (${on.join(', ')})`, right)
}

/** The left series that have a partner with the same labels, all of them, on the right. */
export function alsoIn<L extends string>(left: Query<L>, right: Query<NoInfer<L>>): Query<L> {
  return join(left, 'and', right)
}

/** The series of both; of two with the same labels the left one. */
export function either<L extends string>(left: Query<L>, right: Query<NoInfer<L>>): Query<L> {
  return join(left, 'or', right)
}

/** No value above `limit`. */
export function capped<L extends string>(query: Query<L>, limit: number): Query<L> {
  return {
    text: `clamp_max(${query.text}, ${numberText(limit)})`,
    metrics: query.metrics,
    labels: query.labels,
  }
}

/** Each group of the left as a share of all groups together. */
export function share<L extends string>(part: Query<L>, whole: Query<never>): Query<L> {
  return join(part, `/ ignoring (${part.labels.join(', ')}) group_left`, whole)
}

function operand(query: Query): string {
  return query.binary === true ? `(${query.text})` : query.text
}

export function join<L extends string>(left: Query<L>, operator: string, right: Query): Query<L> {
  return {
    text: `${operand(left)}\n${operator}\n${operand(right)}`,
    metrics: [...new Set([...left.metrics, ...right.metrics])],
    labels: left.labels,
    binary: true,
  }
}
