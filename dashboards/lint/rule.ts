import type { Policy } from '../../core/policy.ts'
import type { BoardModel, Panel } from './model.ts'
import type { Expression } from './promql.ts'

/**
 * A rule of the linter. Those that Grafana's own dashboard-linter has carry its name for them; it is
 * a Go program that cannot be had from npm.
 */
export interface Rule<Subject> {
  readonly name: string
  /** What is wrong, a sentence without its full stop each; empty: nothing. */
  readonly check: (subject: Subject, policy: Policy) => readonly string[]
}

export type BoardRule = Rule<BoardModel>
export type PanelRule = Rule<Panel>

/** An expression where it stands: in a panel, an annotation, or the query of a menu. */
export interface Question {
  readonly expression: Expression
  readonly legend: string
  /** Asked for one instant, and not over the time of the board. */
  readonly instant: boolean
}
export type QuestionRule = Rule<Question>

export function repeated<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))]
}
