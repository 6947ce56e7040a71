import { z } from 'zod'
import { catalogue } from '../core/metrics.ts'
import { thresholdNames, thresholdsOf, type Policy } from '../core/policy.ts'

const columns = 24
const text = z.string().min(1)
const panelSchema = z.looseObject({
  id: z.number().int(),
  title: text,
  description: text,
  gridPos: z.object({
    x: z.number().int().min(0),
    y: z.number().int().min(0),
    w: z.number().int().positive(),
    h: z.number().int().positive(),
  }),
  fieldConfig: z.looseObject({
    defaults: z.looseObject({
      unit: text,
      noValue: text,
      // Required, because Grafana's own default turns red at 80.
      thresholds: z.looseObject({
        steps: z.array(z.looseObject({ value: z.number().nullable() })).min(1),
      }),
    }),
  }),
  targets: z
    .array(
      z.looseObject({
        refId: text,
        expr: text,
        legendFormat: text,
        datasource: z.looseObject({ uid: z.literal('${datasource}') }),
      }),
    )
    .min(1),
})
type Panel = z.infer<typeof panelSchema>

const boardSchema = z.looseObject({
  id: z.null(),
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: text,
  schemaVersion: z.literal(39),
  refresh: z.string(),
  templating: z.object({ list: z.array(z.looseObject({ name: text })) }),
  panels: z.array(panelSchema).min(1),
})

const variables = ['datasource', 'job', 'instance', 'gpu']

/**
 * What is wrong with a board in Grafana's classic JSON, a sentence each; empty when it is good.
 * The model is taken as a stranger's: a board that was changed by hand must not pass.
 */
export function lintBoard(model: unknown, policy: Policy): readonly string[] {
  const parsed = boardSchema.safeParse(model)
  if (!parsed.success) {
    return parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  }
  const { panels, templating } = parsed.data
  const names = templating.list.map(({ name }) => name)
  return [
    ...variables
      .filter((name) => !names.includes(name))
      .map((name) => `the variable ${name} is missing`),
    ...('__inputs' in parsed.data ? ['__inputs breaks provisioning; use ${datasource}'] : []),
    ...repeated(panels.map(({ id }) => id)).map((id) => `two panels have the id ${String(id)}`),
    ...overlaps(panels),
    ...panels.flatMap((panel) =>
      panelProblems(panel, policy).map((problem) => `panel "${panel.title}": ${problem}`),
    ),
  ]
}

function panelProblems(panel: Panel, policy: Policy): readonly string[] {
  const { x, w } = panel.gridPos
  const steps = panel.fieldConfig.defaults.thresholds.steps
  const lines = policyNumbers(policy)
  return [
    ...(x + w > columns ? [`reaches beyond ${String(columns)} columns`] : []),
    ...repeated(panel.targets.map(({ refId }) => refId)).map(
      (id) => `two queries are called ${id}`,
    ),
    ...steps
      .filter(({ value }) => value !== null && !lines.has(value))
      .map(({ value }) => `threshold ${String(value)} is no number of the policy`),
    ...panel.targets.flatMap(({ expr }) => queryProblems(expr)),
  ]
}

/** Selectors as we and hand-written boards write them: a metric's name with or without braces. */
const selector = /\b((?:rerankscope|reranker|nvidia_smi)_\w+|qps_current)\b(?:\{([^}]*)\})?/g
const suffix = /_(?:bucket|count|sum)$/

function queryProblems(expression: string): readonly string[] {
  const found = [...expression.matchAll(selector)]
  if (found.length === 0) return ['a query reads no metric of rerankscope']
  return found.flatMap(([, name = '', where = '']) => {
    const known = catalogue.some(
      (metric) =>
        metric.name === name ||
        (metric.kind === 'histogram' && metric.name === name.replace(suffix, '')),
    )
    return [
      ...(known ? [] : [`there is no metric ${name}`]),
      ...['job', 'instance']
        .filter((label) => !where.includes(`${label}=~"$${label}"`))
        .map((label) => `${name} is not narrowed by $${label}`),
      ...(name.endsWith('_total') && !growsUnder(expression, name)
        ? [`the counter ${name} is read without rate() or increase()`]
        : []),
    ]
  })
}

function growsUnder(expression: string, name: string): boolean {
  const uses = expression.split(name).length - 1
  return (expression.match(new RegExp(`(?:rate|increase)\\(${name}\\b`, 'g')) ?? []).length === uses
}

function policyNumbers(policy: Policy): ReadonlySet<number> {
  const lines = thresholdsOf(policy)
  return new Set([
    ...thresholdNames.map((name) => lines[name].utilizationRatio),
    policy.p95Seconds,
    policy.budget.errorRatio,
    policy.batchPairs.minimum,
    policy.batchPairs.maximum,
  ])
}

function repeated<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values.filter((value, at) => values.indexOf(value) !== at))]
}

function overlaps(panels: readonly Panel[]): readonly string[] {
  return panels.flatMap((a, at) =>
    panels.slice(at + 1).flatMap((b) => {
      const apart =
        a.gridPos.x + a.gridPos.w <= b.gridPos.x ||
        b.gridPos.x + b.gridPos.w <= a.gridPos.x ||
        a.gridPos.y + a.gridPos.h <= b.gridPos.y ||
        b.gridPos.y + b.gridPos.h <= a.gridPos.y
      return apart ? [] : [`panels "${a.title}" and "${b.title}" overlap`]
    }),
  )
}
