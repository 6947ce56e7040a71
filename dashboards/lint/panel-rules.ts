import { thresholdNames, thresholdsOf, type Policy } from '../../core/policy.ts'
import { percentOf } from '../../core/units.ts'
import { panelKinds, units } from '../boards/board.ts'
import { repeated, type PanelRule } from './rule.ts'

const columns = 24

export const panelRules: readonly PanelRule[] = [
  {
    name: 'panel-datasource-rule',
    check: ({ datasource, targets }) =>
      [datasource, ...targets.map((target) => target.datasource)].every(
        ({ uid }) => uid === '${datasource}',
      )
        ? []
        : ['has a fixed data source; use ${datasource}'],
  },
  {
    name: 'panel-title-description-rule',
    check: ({ title, description }) => [
      ...(title === '' ? ['has no title'] : []),
      ...(description === '' ? ['has no description'] : []),
    ],
  },
  {
    name: 'panel-units-rule',
    check: ({ fieldConfig: { defaults } }) => {
      if (defaults.unit === '') return ['has no unit']
      return units.some((unit) => unit === defaults.unit)
        ? []
        : [`Grafana knows no unit ${defaults.unit}`]
    },
  },
  {
    name: 'panel-no-targets-rule',
    check: ({ targets }) =>
      targets.length > 0 && targets.every(({ expr }) => expr !== '') ? [] : ['asks nothing'],
  },
  {
    name: 'known-kind',
    check: ({ type }) =>
      panelKinds.some((kind) => kind === type)
        ? []
        : [`is of the kind ${type}, which is not one of ${panelKinds.join(', ')}`],
  },
  {
    name: 'unique-ref-ids',
    check: ({ targets }) => [
      ...(targets.some(({ refId }) => refId === '') ? ['a query has no refId'] : []),
      ...repeated(targets.map(({ refId }) => refId)).map((id) => `two queries are called ${id}`),
    ],
  },
  {
    name: 'legend',
    check: ({ targets }) =>
      targets.some(({ legendFormat }) => legendFormat === '') ? ['a query has no legend'] : [],
  },
  {
    name: 'words-for-nothing',
    check: ({ fieldConfig: { defaults } }) =>
      defaults.noValue !== '' && defaults.mappings.some(({ type }) => type === 'special')
        ? []
        : ['has no words for an empty answer or for NaN'],
  },
  {
    // The server's page carries none, so a board that asks for them would promise what is not there.
    name: 'no-exemplars',
    check: ({ targets }) =>
      targets.some(({ exemplar }) => exemplar)
        ? ['asks for exemplars, which no metric of rerankscope carries']
        : [],
  },
  {
    name: 'grid-edge',
    check: ({ gridPos: { x, w, h } }) => [
      ...(x + w > columns ? [`reaches beyond ${String(columns)} columns`] : []),
      ...(w === 0 || h === 0 ? ['has no size'] : []),
    ],
  },
  {
    name: 'policy-thresholds',
    check: ({ fieldConfig: { defaults } }, policy) => {
      const { steps } = defaults.thresholds
      // Left out, Grafana colours everything from 80 upwards red.
      if (steps.length === 0) return ['has no thresholds, so Grafana would take its own']
      const lines = linesOf(policy, defaults.unit)
      return steps
        .filter(({ value }) => value !== null && !lines.has(value))
        .map(({ value }) => `threshold ${String(value)} is no number of the policy`)
    },
  },
]

/** What a colour may begin at: the policy's lines in the unit of the panel, or the first of anything. */
function linesOf(policy: Policy, unit: string): ReadonlySet<number> {
  const utilization = thresholdNames.map((name) => thresholdsOf(policy)[name].utilizationRatio)
  if (unit === 'percent') return new Set(utilization.map((ratio) => percentOf(ratio)))
  return new Set([
    ...utilization,
    policy.p95Seconds,
    policy.budget.errorRatio,
    policy.memory.usedRatio,
    policy.batchPairs.minimum,
    policy.batchPairs.maximum,
    1,
  ])
}
