import { describe, expect, test } from 'vitest'
import { present } from '../../core/assert.ts'
import { policy } from '../../core/policy.ts'
import { shippedBoards } from '../../dashboards/index.ts'
import { lintBoard } from '../../dashboards/lint.ts'
import { boardRules } from '../../dashboards/lint/board-rules.ts'
import { departures } from '../../dashboards/lint/excuses.ts'
import { panelRules } from '../../dashboards/lint/panel-rules.ts'
import { parseExpression } from '../../dashboards/lint/promql.ts'
import { questionRules } from '../../dashboards/lint/question-rules.ts'
import { modelOf, type Model, type Panel } from './model.ts'

const overview = present(
  shippedBoards().find(({ name }) => name === 'overview'),
  'There is an Overview.',
)

type Plant = (panel: Panel, model: Model) => void

/** The shipped Overview with one fault. */
function linted(plant: Plant): readonly string[] {
  const model = modelOf(overview.json)
  const panel = model.panels.find(({ title }) => title === 'GPU utilisation')
  plant(present(panel, 'There is such a panel.'), model)
  return lintBoard(model, policy)
}

test('the shipped boards have no fault', () => {
  for (const { json } of shippedBoards()) expect(lintBoard(JSON.parse(json), policy)).toEqual([])
})

const asks =
  (expr: string): Plant =>
  (panel) => {
    panel.targets = [{ ...present(panel.targets[0], 'A panel asks.'), expr, legendFormat: 'x' }]
  }
const all = 'namespace=~"$namespace", job=~"$job", instance=~"$instance"'
const inPanel = (sentence: string) => `panel "GPU utilisation": ${sentence}`
const variable = (model: Model, name: string) =>
  present(
    model.templating.list.find((one) => one['name'] === name),
    'There is such a variable.',
  )

describe('a planted fault is named in one sentence, and in no other', () => {
  const aboutQueries: readonly (readonly [string, string, string])[] = [
    ['a dead metric', `rerankscope_gpu_load{${all}}`, 'there is no metric rerankscope_gpu_load'],
    ['a metric of something else', 'node_load1', 'there is no metric node_load1'],
    ['no metric at all', 'vector(1)', 'a query reads no metric'],
    [
      'a histogram by its bare name',
      `reranker_batch_pairs{${all}}`,
      'there is no metric reranker_batch_pairs',
    ],
    ['no PromQL', `sum(reranker_queue_pairs{${all}}) by`, 'a query is no PromQL from "" on'],
    [
      'a label that the metric lacks',
      `reranker_queue_pairs{${all}, gpu="0"}`,
      'reranker_queue_pairs has no label gpu',
    ],
    [
      'a job that cannot be chosen',
      'reranker_queue_pairs{namespace=~"$namespace", instance=~"$instance"}',
      'reranker_queue_pairs is not narrowed by $job',
    ],
    [
      'a namespace that cannot be chosen',
      'reranker_queue_pairs{job=~"$job", instance=~"$instance"}',
      'reranker_queue_pairs is not narrowed by $namespace',
    ],
    [
      'a sidecar chosen by equality, which "All" breaks',
      'reranker_queue_pairs{namespace=~"$namespace", job=~"$job", instance="$instance"}',
      'reranker_queue_pairs is not narrowed by $instance',
    ],
    [
      'the second of two selectors not narrowed',
      `reranker_queue_pairs{${all}} / reranker_in_flight_pairs{namespace=~"$namespace", job=~"$job"}`,
      'reranker_in_flight_pairs is not narrowed by $instance',
    ],
    [
      'a run that cannot be chosen',
      'rerankscope_load_in_flight_requests',
      'rerankscope_load_in_flight_requests is not narrowed by $run',
    ],
    [
      'a bare counter',
      `sum(reranker_pairs_total{${all}})`,
      'the counter reranker_pairs_total is read without rate() or increase()',
    ],
    [
      'the maximum of a counter that is no run’s',
      `max_over_time(reranker_pairs_total{${all}}[5m])`,
      'the counter reranker_pairs_total is read without rate() or increase()',
    ],
    [
      'a window of its own',
      `rate(reranker_pairs_total{${all}}[7m])`,
      'the window 7m is not $__rate_interval',
    ],
    [
      'the mean of a quantile',
      `avg(reranker_p95_latency{${all}})`,
      'reranker_p95_latency is a finished quantile: take its max(), never its mean',
    ],
    [
      'the mean of a quantile over time',
      `max(avg_over_time(reranker_p95_latency{${all}}[1m]))`,
      'reranker_p95_latency is a finished quantile: take its max(), never its mean',
    ],
    [
      'a line of its own in the query',
      `rerankscope_gpu_utilization_ratio{${all}} > 0.75`,
      'a query compares with 0.75, which is no number of the policy',
    ],
  ]
  test.each(aboutQueries)('%s', (_, expression, sentence) => {
    expect(linted(asks(expression))).toEqual([inPanel(sentence)])
  })

  test.each<readonly [string, Plant, string]>([
    ['no unit', (panel) => (panel.fieldConfig.defaults.unit = ''), inPanel('has no unit')],
    [
      'a unit that Grafana does not know',
      (panel) => (panel.fieldConfig.defaults.unit = 'percents'),
      inPanel('Grafana knows no unit percents'),
    ],
    [
      'a literal threshold',
      (panel) => (panel.fieldConfig.defaults.thresholds.steps = [{ value: 0.75, color: 'red' }]),
      inPanel('threshold 0.75 is no number of the policy'),
    ],
    [
      'a ratio’s threshold in percent',
      (panel) => {
        panel.fieldConfig.defaults.unit = 'percent'
        panel.fieldConfig.defaults.thresholds.steps = [{ value: 0.8, color: 'red' }]
      },
      inPanel('threshold 0.8 is no number of the policy'),
    ],
    [
      'no thresholds',
      (panel) => (panel.fieldConfig.defaults.thresholds.steps = []),
      inPanel('has no thresholds, so Grafana would take its own'),
    ],
    [
      'no words for nothing',
      (panel) => (panel.fieldConfig.defaults.noValue = ''),
      inPanel('has no words for an empty answer or for NaN'),
    ],
    ['no description', (panel) => (panel.description = ''), inPanel('has no description')],
    ['no query', (panel) => (panel.targets = []), inPanel('asks nothing')],
    [
      'a legend of raw labels',
      (panel) => (present(panel.targets[0], 'A panel asks.').legendFormat = ''),
      inPanel('a query has no legend'),
    ],
    [
      'a legend with a label that is not there',
      (panel) => (present(panel.targets[0], 'A panel asks.').legendFormat = '{{pod}}'),
      inPanel('the legend names a label pod, which no metric of the query has'),
    ],
    [
      'two queries with one name',
      (panel) => panel.targets.push({ ...present(panel.targets[0], 'A panel asks.') }),
      inPanel('two queries are called A'),
    ],
    [
      'a panel of Angular times',
      (panel) => (panel.type = 'graph'),
      inPanel(
        'is of the kind graph, which is not one of stat, timeseries, state-timeline, heatmap, table',
      ),
    ],
    [
      'a fixed data source',
      (panel) => Object.assign(present(panel.targets[0], 'one'), { datasource: { uid: 'p' } }),
      inPanel('has a fixed data source; use ${datasource}'),
    ],
    [
      'exemplars that nobody has',
      (panel) => Object.assign(present(panel.targets[0], 'one'), { exemplar: true }),
      inPanel('asks for exemplars, which no metric of rerankscope carries'),
    ],
    [
      'a panel beyond the edge',
      (panel) => (panel.gridPos = { x: 20, y: 90, w: 8, h: 4 }),
      inPanel('reaches beyond 24 columns'),
    ],
    [
      'two panels on one spot',
      (panel, { panels }) => {
        const { x, y } = present(panels[0], 'first').gridPos
        panel.gridPos = { x, y, w: 1, h: 1 }
      },
      'panels "Guidance" and "GPU utilisation" overlap',
    ],
    ['two panels with one id', (panel) => (panel.id = 1), 'two panels have the id 1'],
    [
      'a panel with the id of a row',
      (panel, { panels }) =>
        (panel.id = present(
          panels.find(({ type }) => type === 'row'),
          'There is a row.',
        ).id),
      'two panels have the id 30',
    ],
    [
      'a lost variable',
      (_, { templating }) => templating.list.splice(1, 1),
      'the variable namespace is missing',
    ],
    [
      'a data source that is not chosen',
      (_, model) => (variable(model, 'datasource')['type'] = 'textbox'),
      'the data source is not chosen by a variable called datasource',
    ],
    [
      'a menu that takes one alone',
      (_, model) => (variable(model, 'job')['multi'] = false),
      'the variable job does not let several be chosen',
    ],
    [
      'a menu under another label',
      (_, model) => (variable(model, 'instance')['label'] = 'Sidecar'),
      'the variable instance is not labelled instance',
    ],
    [
      'a menu whose query is no selector',
      (_, model) => (variable(model, 'gpu')['definition'] = 'label_values(sum by, gpu_uuid)'),
      'the query of the variable gpu is no label_values() of a selector',
    ],
    [
      'a menu that is read once',
      (_, model) => (variable(model, 'model')['refresh'] = 1),
      'the variable model is not read anew when the time changes',
    ],
    [
      'an annotation of one installation',
      (_, { annotations }) =>
        (present(annotations.list[2], 'Alerts').datasource = { uid: 'prometheus' }),
      'the annotation Alerts has a fixed data source',
    ],
    [
      'an annotation of a dead metric',
      (_, { annotations }) => (present(annotations.list[2], 'Alerts').expr = 'process_started'),
      'annotation "Alerts": there is no metric process_started',
    ],
    [
      'inputs of the import wizard',
      (_, model) => Object.assign(model, { __inputs: [] }),
      '__inputs breaks provisioning; use ${datasource}',
    ],
    [
      'another schema',
      (_, model) => Object.assign(model, { schemaVersion: 42 }),
      'schemaVersion is 42: Grafana 10 to 13 all read 39',
    ],
    [
      'an id of one installation',
      (_, model) => Object.assign(model, { id: 28 }),
      'it carries the id of one installation',
    ],
    [
      'a board that can be edited',
      (_, model) => Object.assign(model, { editable: true }),
      'the board can be edited: a change would be lost',
    ],
    [
      'a board that nobody links to',
      (_, model) => Object.assign(model, { tags: [] }),
      'it lacks the tag that links the boards',
    ],
    [
      'another address',
      (_, model) => Object.assign(model, { uid: 'mine' }),
      'no board of rerankscope has the uid mine',
    ],
  ])('%s', (_, plant, sentence) => {
    expect(linted(plant)).toEqual([sentence])
  })

  test('what is no board at all', () => {
    expect(lintBoard('board', policy)).toEqual([
      'the whole is no part of a board: Invalid input: expected object, received string',
    ])
    expect(lintBoard({ panels: [{ id: 'one' }] }, policy)).toContainEqual(
      expect.stringMatching(/^panels\.0\.id is no part of a board: /),
    )
  })
})

test('a faulty panel of a closed row is found as well', () => {
  const found = linted((panel, { panels }) => {
    const row = present(
      panels.find(({ type }) => type === 'row'),
      'There is a row.',
    )
    Object.assign(row, { collapsed: true, panels: [{ ...panel, id: 99, description: '' }] })
  })
  expect(found).toEqual([inPanel('has no description')])
})

test('every rule of Grafana’s dashboard-linter is here or excused with a reason', () => {
  const rules = [...boardRules, ...panelRules, ...questionRules].map(({ name }) => name)
  expect(new Set(rules).size).toBe(rules.length)
  const theirs = [
    'template-datasource-rule',
    'template-job-rule',
    'template-instance-rule',
    'template-label-promql-rule',
    'template-on-time-change-reload-rule',
    'panel-datasource-rule',
    'panel-title-description-rule',
    'panel-units-rule',
    'panel-no-targets-rule',
    'target-logql-rule',
    'target-logql-auto-rule',
    'target-promql-rule',
    'target-rate-interval-rule',
    'target-job-rule',
    'target-instance-rule',
    'target-counter-agg-rule',
    'uneditable-dashboard',
  ]
  const leftOut = departures.filter(({ what }) => what === 'left out').map(({ rule }) => rule)
  expect(theirs.filter((name) => !rules.includes(name))).toEqual(leftOut)
  for (const { rule, reason } of departures) {
    expect(theirs).toContain(rule)
    expect(reason).toMatch(/\.$/)
  }
})

test('PromQL is read by its grammar: selectors, windows and what is around them', () => {
  expect(
    parseExpression(
      'sum by (le) (rate(a_total{job=~"$job", b!="}{"}[$__rate_interval])) / {__name__=~"c|d"} > 0.5',
    ),
  ).toEqual({
    error: undefined,
    limits: [0.5],
    selectors: [
      {
        names: ['a_total'],
        matchers: [
          { label: 'job', operator: '=~', value: '$job' },
          { label: 'b', operator: '!=', value: '}{' },
        ],
        window: '$__rate_interval',
        within: ['rate', 'sum'],
      },
      { names: ['c', 'd'], matchers: [], window: undefined, within: [] },
    ],
  })
})
