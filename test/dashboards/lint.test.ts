import { describe, expect, test } from 'vitest'
import { present } from '../../core/assert.ts'
import { policy } from '../../core/policy.ts'
import { shippedBoards } from '../../dashboards/index.ts'
import { lintBoard } from '../../dashboards/lint.ts'
import { modelOf, type Model, type Panel } from './model.ts'

const json = present(shippedBoards()[0], 'There is a board.').json

/** The shipped board with one fault. */
function linted(plant: (panel: Panel, model: Model) => void): readonly string[] {
  const model = modelOf(json)
  plant(present(model.panels[1], 'There is a second panel.'), model)
  return lintBoard(model, policy)
}

const firstTarget = (panel: Panel) => present(panel.targets[0], 'A panel asks something.')

test('the shipped board has no fault', () => {
  expect(linted(() => undefined)).toEqual([])
})

describe('a planted fault is named in a sentence', () => {
  test.each<[string, (panel: Panel, model: Model) => void, string]>([
    [
      'a metric that nobody emits',
      (panel) =>
        (firstTarget(panel).expr = 'rerankscope_gpu_load{job=~"$job", instance=~"$instance"}'),
      'panel "GPU utilisation": there is no metric rerankscope_gpu_load',
    ],
    [
      'a query of something else',
      (panel) => (firstTarget(panel).expr = 'node_load1'),
      'panel "GPU utilisation": a query reads no metric of rerankscope',
    ],
    [
      'a selector that ignores the variables',
      (panel) => (firstTarget(panel).expr = 'reranker_queue_pairs{job=~"$job"}'),
      'panel "GPU utilisation": reranker_queue_pairs is not narrowed by $instance',
    ],
    [
      'a bare counter',
      (panel) =>
        (firstTarget(panel).expr = 'reranker_pairs_total{job=~"$job", instance=~"$instance"}'),
      'panel "GPU utilisation": the counter reranker_pairs_total is read without rate() or increase()',
    ],
    [
      'a literal threshold',
      (panel) => (panel.fieldConfig.defaults.thresholds.steps = [{ value: 0.75, color: 'red' }]),
      'panel "GPU utilisation": threshold 0.75 is no number of the policy',
    ],
    [
      'two panels on one spot',
      (panel, { panels }) => (panel.gridPos = { ...present(panels[0], 'first').gridPos }),
      'panels "Guidance" and "GPU utilisation" overlap',
    ],
    [
      'a panel beyond the edge',
      (panel) => (panel.gridPos = { x: 20, y: 90, w: 8, h: 4 }),
      'panel "GPU utilisation": reaches beyond 24 columns',
    ],
    ['two panels with one id', (panel) => (panel.id = 1), 'two panels have the id 1'],
    [
      'two queries with one name',
      (panel) => panel.targets.push({ ...firstTarget(panel) }),
      'panel "GPU utilisation": two queries are called A',
    ],
    [
      'a lost variable',
      (_, { templating }) => ((templating as { list: unknown[] }).list = []),
      'the variable job is missing',
    ],
    [
      'inputs of the import wizard',
      (_, model) => Object.assign(model, { __inputs: [] }),
      '__inputs breaks provisioning; use ${datasource}',
    ],
  ])('%s', (_, plant, sentence) => {
    expect(linted(plant)).toContain(sentence)
  })

  test.each<[string, (panel: Panel, model: Model) => void, string]>([
    [
      'no unit',
      (panel) => (panel.fieldConfig.defaults.unit = ''),
      'panels.1.fieldConfig.defaults.unit',
    ],
    ['no description', (panel) => (panel.description = ''), 'panels.1.description'],
    [
      'no thresholds: Grafana would turn red at its own line',
      (panel) => (panel.fieldConfig.defaults.thresholds.steps = []),
      'panels.1.fieldConfig.defaults.thresholds.steps',
    ],
    [
      'a fixed data source',
      (panel) => Object.assign(firstTarget(panel), { datasource: { uid: 'p' } }),
      'panels.1.targets.0.datasource.uid',
    ],
    ['another schema', (_, model) => Object.assign(model, { schemaVersion: 42 }), 'schemaVersion'],
    ['an id of one installation', (_, model) => Object.assign(model, { id: 28 }), 'id'],
  ])('%s', (_, plant, path) => {
    expect(linted(plant)).toEqual([expect.stringMatching(new RegExp(`^${path}: `))])
  })

  test('what is no board at all', () => {
    expect(lintBoard('board', policy)).not.toEqual([])
    expect(lintBoard({}, policy).length).toBeGreaterThan(3)
  })
})
