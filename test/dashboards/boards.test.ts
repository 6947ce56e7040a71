import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { alertDefaults, alertsOf } from '../../alerts/index.ts'
import { catalogue } from '../../core/metrics.ts'
import { policy } from '../../core/policy.ts'
import { boardNames } from '../../dashboards/boards/board.ts'
import { boards } from '../../dashboards/boards/index.ts'
import { buildBoards, shippedBoards, type Board } from '../../dashboards/index.ts'
import { lintBoard } from '../../dashboards/lint.ts'
import { modelOf, panelsOf, type Model, type Panel } from './model.ts'

const root = resolve(import.meta.dirname, '../..')
const alertNames = alertsOf({ policy, ...alertDefaults }).map(({ name }) => name)
const namesIn = (text = '') => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name)
let built: readonly Board[]
beforeAll(async () => {
  built = await buildBoards(policy)
})

test('every file of dashboards/boards stands in the list', () => {
  const folder = join(root, 'dashboards/boards')
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => !['index.ts', 'board.ts'].includes(file))
  const list = readFileSync(join(folder, 'index.ts'), 'utf8')
  expect(files.filter((file) => !list.includes(`'./${file}'`))).toEqual([])
  expect(boards).toHaveLength(files.length)
})

test('the committed files are what the policy and the catalogue make', () => {
  const shipped = shippedBoards()
  const byName = (boards: typeof built) => boards.toSorted((a, b) => a.name.localeCompare(b.name))
  expect(byName(shipped)).toEqual(byName(built))
  expect(shipped.map(({ name }) => name)).toEqual(['overview', 'gpu', 'latency', 'load-test'])
})

test('every alert has a panel that shows what it watches', () => {
  const named = built.flatMap(({ json }) =>
    panelsOf(modelOf(json)).flatMap(({ description }) => namesIn(description.split('\n\n')[3])),
  )
  expect(alertNames.filter((name) => !named.includes(name))).toEqual([])
})

test('no two boards share an address', () => {
  expect(new Set(built.map(({ uid }) => uid)).size).toBe(boards.length)
  expect(built.map(({ name }) => name)).toEqual(boardNames)
})

describe.each(boards.map(({ name }) => ({ name })))('$name', ({ name }) => {
  let model: Model
  let panels: readonly Panel[]
  beforeAll(() => {
    model = modelOf(built.find((board) => board.name === name)?.json ?? '')
    panels = panelsOf(model)
  })

  test('passes the linter', () => {
    expect(lintBoard(model, policy)).toEqual([])
  })

  test('imports without a wizard: classic model, no inputs, nothing of one installation', () => {
    expect(model).toMatchObject({
      id: null,
      schemaVersion: 39,
      editable: false,
      refresh: '30s',
      graphTooltip: 1,
      tags: ['rerankscope'],
      time: { from: 'now-1h', to: 'now' },
    })
    expect(Object.keys(model)).not.toContain('__inputs')
    expect(model.annotations.list[0]?.datasource.uid).toBe('-- Grafana --')
    expect(model.templating.list.map((variable) => variable.name)).toEqual([
      'datasource',
      'namespace',
      'job',
      'model',
      'instance',
      'gpu',
      ...(name === 'load-test' ? ['run'] : []),
    ])
  })

  test.each([
    // The jobs of sidecars: nothing is counted twice.
    ['job', 'label_values(rerankscope_guidance_state{namespace=~"$namespace"}, job)'],
    // The sidecars of the chosen model; those that know no model match `.*` as well.
    [
      'instance',
      'label_values({__name__=~"rerankscope_guidance_state|reranker_model_info", namespace=~"$namespace", job=~"$job", model=~"$model"}, instance)',
    ],
    // Not the GPUs of another server.
    [
      'gpu',
      'label_values(rerankscope_gpu_info{namespace=~"$namespace", job=~"$job", instance=~"$instance", attribution!="none"}, gpu_uuid)',
    ],
  ])('"All" is the list of the menu %s, and no more', (name, definition) => {
    const variable = model.templating.list.find((one) => one.name === name)
    expect(variable).toMatchObject({ definition })
    expect(variable).not.toHaveProperty('allValue')
  })

  test('a label that is absent outside Kubernetes, or without a server, hides nothing', () => {
    for (const name of ['namespace', 'model']) {
      const variable = model.templating.list.find((one) => one.name === name)
      expect(variable).toMatchObject({ allValue: '.*' })
    }
  })

  test('charts are marked with load runs, alerts and restarts', () => {
    expect(model.annotations.list).toMatchObject([
      { name: 'Annotations & Alerts', builtIn: 1 },
      { name: 'Load runs', target: { type: 'tags', tags: ['rerankscope', 'load'] } },
      {
        name: 'Alerts',
        expr: 'ALERTS{alertname=~"Rerank(er|scope).+", alertstate="firing", namespace=~"$namespace", job=~"$job"}',
      },
      {
        name: 'Restarts',
        expr: 'resets(reranker_requests_total{namespace=~"$namespace", job=~"$job", instance=~"$instance"}[2m]) > 0',
      },
    ])
  })

  test('a menu leads to the other boards, with what is chosen here', () => {
    expect(model).toMatchObject({
      links: [{ type: 'dashboards', tags: ['rerankscope'], includeVars: true, keepTime: true }],
    })
  })

  test('it says what it needs', () => {
    const kinds = [...new Set(panels.map(({ type }) => type))].sort()
    expect(
      model.__requires
        .filter(({ type }) => type === 'panel')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(kinds)
    expect(model.__requires).toContainEqual({
      type: 'grafana',
      id: 'grafana',
      name: 'Grafana',
      version: '10.0.0',
    })
  })

  test('each panel says what, from which metric, and what to do', () => {
    for (const { title, description, targets } of panels) {
      const [shows, from, whenBad, watched] = description.split('\n\n')
      expect(shows, title).toMatch(/\.$/)
      expect(whenBad, title).toMatch(/\.$/)
      const named = namesIn(from)
      expect(named.length, title).toBeGreaterThan(0)
      for (const alert of namesIn(watched)) expect(alertNames).toContain(alert)
      for (const metric of named) {
        expect([...catalogue.map((each) => each.name), 'up', 'ALERTS']).toContain(metric)
        expect(
          targets.some(({ expr }) => expr.includes(metric ?? '')),
          title,
        ).toBe(true)
      }
    }
  })

  test('a single figure is the present one, and an empty answer is a word', () => {
    for (const { type, targets, fieldConfig } of panels) {
      const single = type === 'stat' || type === 'table'
      for (const { instant } of targets) expect(instant === true).toBe(single)
      expect(fieldConfig.defaults.noValue).toMatch(/^(no|not) \w+$/)
      expect(fieldConfig.defaults.mappings).toContainEqual(
        expect.objectContaining({ type: 'special' }),
      )
    }
  })

  test('no average of anything, and no fixed window where Grafana knows the scrape interval', () => {
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    for (const expression of expressions) expect(expression).not.toMatch(/\bavg/)
    const overTime = panels.filter(({ type }) => type !== 'stat' && type !== 'table')
    for (const { targets } of overTime) {
      for (const { expr } of targets) expect(expr).not.toMatch(/\[\d/)
    }
  })
})

test('every board stands on the policy: its lines, its p95 and its batches', async () => {
  const moved = await buildBoards({
    ...policy,
    p95Seconds: 0.77,
    batchPairs: { minimum: 3, maximum: 9 },
    scaleOut: { ...policy.scaleOut, utilizationRatio: 0.83 },
  })
  const steps = (name: string) =>
    panelsOf(modelOf(moved.find((board) => board.name === name)?.json ?? '')).flatMap(
      ({ fieldConfig }) => fieldConfig.defaults.thresholds.steps.map(({ value }) => value),
    )
  expect(steps('overview')).toEqual(expect.arrayContaining([0.83, 0.77, 3, 9]))
  expect(steps('latency')).toEqual(expect.arrayContaining([0.77, 3, 9]))
  expect(steps('gpu')).toEqual(expect.arrayContaining([0.83, 83]))
  expect(steps('load-test')).toEqual(expect.arrayContaining([0.83, 0.77, 3, 9]))
  for (const { name } of moved) {
    expect(steps(name).filter((value) => [0.8, 80, 0.5, 4, 8].includes(value ?? 0))).toEqual([])
  }
})

test('utilisation is drawn on the bands of the policy', async () => {
  const [board] = await buildBoards({
    ...policy,
    scaleIn: { ...policy.scaleIn, utilizationRatio: 0.31 },
  })
  const panels = panelsOf(modelOf(board?.json ?? '')).filter(({ title }) =>
    title.startsWith('GPU utilisation'),
  )
  expect(panels).toHaveLength(2)
  for (const { fieldConfig } of panels) {
    expect(fieldConfig.defaults.thresholds.steps).toEqual([
      { value: null, color: 'blue' },
      { value: 0.31, color: 'yellow' },
      { value: policy.waste.utilizationRatio, color: 'green' },
      { value: policy.scaleOut.utilizationRatio, color: 'red' },
    ])
  }
})
