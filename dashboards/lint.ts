import type { Policy } from '../core/policy.ts'
import { boardRules } from './lint/board-rules.ts'
import { readModel, type BoardModel, type Panel } from './lint/model.ts'
import { panelRules } from './lint/panel-rules.ts'
import { parseExpression } from './lint/promql.ts'
import { questionRules } from './lint/question-rules.ts'
import type { Question } from './lint/rule.ts'

/**
 * What is wrong with a board in Grafana's classic JSON, a sentence each; empty when it is good.
 * The model is taken as a stranger's: a board that was changed by hand must not pass.
 */
export function lintBoard(model: unknown, policy: Policy): readonly string[] {
  const read = readModel(model)
  if ('problems' in read) return read.problems
  const { board } = read
  const found = [
    ...boardRules.flatMap(({ check }) => check(board, policy)),
    ...annotationProblems(board, policy),
    ...board.panels.flatMap((panel) =>
      panelProblems(panel, policy).map((problem) => `panel "${panel.title}": ${problem}`),
    ),
  ]
  return [...new Set(found)]
}

function panelProblems(panel: Panel, policy: Policy): readonly string[] {
  return [
    ...panelRules.flatMap(({ check }) => check(panel, policy)),
    ...panel.targets
      .filter(({ expr }) => expr !== '')
      .flatMap(({ expr, legendFormat, instant }) =>
        questionProblems(
          { expression: parseExpression(expr), legend: legendFormat, instant },
          policy,
        ),
      ),
  ]
}

/** An annotation looks back over its own window at every step. */
function annotationProblems({ annotations }: BoardModel, policy: Policy): readonly string[] {
  return annotations.list
    .filter(({ expr }) => expr !== '')
    .flatMap(({ name, expr }) =>
      questionProblems(
        { expression: parseExpression(expr), legend: '', instant: true },
        policy,
      ).map((problem) => `annotation "${name}": ${problem}`),
    )
}

function questionProblems(question: Question, policy: Policy): readonly string[] {
  return questionRules.flatMap(({ check }) => check(question, policy))
}
