import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { catalogue } from '../../core/metrics.ts'
import { policy } from '../../core/policy.ts'
import { boards } from '../../dashboards/boards/index.ts'
import { buildBoards, shippedBoards, type Board } from '../../dashboards/index.ts'
import { lintBoard } from '../../dashboards/lint.ts'
import { modelOf, type Model } from './model.ts'

const root = resolve(import.meta.dirname, '../..')
let built: readonly Board[]
beforeAll(async () => {
  built = await buildBoards(policy)
})

test('every file of dashboards/boards stands in the list', () => {
  const folder = join(root, 'dashboards/boards')
  const files = readdirSync(folder).filter((file) => !['index.ts', 'board.ts'].includes(file))
  const list = readFileSync(join(folder, 'index.ts'), 'utf8')
  expect(files.filter((file) => !list.includes(`'./${file}'`))).toEqual([])
  expect(boards).toHaveLength(files.length)
})

test('the committed files are what the policy and the catalogue make', () => {
  expect(shippedBoards()).toEqual(built.toSorted((a, b) => a.name.localeCompare(b.name)))
})

test('no two boards share an address', () => {
  expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length)
})

describe.each(boards.map(({ name }) => ({ name })))('$name', ({ name }) => {
  let model: Model
  beforeAll(() => {
    model = modelOf(built.find((board) => board.name === name)?.json ?? '')
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
      'job',
      'instance',
      'gpu',
    ])
  })

  test('"All" jobs are the jobs of sidecars: nothing is counted twice', () => {
    const job = model.templating.list.find((variable) => variable.name === 'job')
    expect(job).toMatchObject({ definition: 'label_values(rerankscope_guidance_state, job)' })
    expect(job).not.toHaveProperty('allValue')
  })

  test('each panel says what, from which metric, and what to do', () => {
    for (const { title, description, targets } of model.panels) {
      const [shows, from, whenBad] = description.split('\n\n')
      expect(shows, title).toMatch(/\.$/)
      expect(whenBad, title).toMatch(/\.$/)
      const named = [...(from ?? '').matchAll(/`(\w+)`/g)].map(([, metric]) => metric)
      expect(named.length, title).toBeGreaterThan(0)
      for (const metric of named) {
        expect(catalogue.map((each) => each.name)).toContain(metric)
        expect(
          targets.some(({ expr }) => expr.includes(metric ?? '')),
          title,
        ).toBe(true)
      }
    }
  })

  test('a single figure is the present one, and an empty answer is a word', () => {
    for (const { type, targets, fieldConfig } of model.panels) {
      for (const { instant } of targets) expect(instant === true).toBe(type === 'stat')
      expect(fieldConfig.defaults.noValue).toMatch(/^(no|not) \w+$/)
      expect(fieldConfig.defaults.mappings).toContainEqual(
        expect.objectContaining({ type: 'special' }),
      )
    }
  })

  test('no average of anything, and no fixed window where Grafana knows the scrape interval', () => {
    const expressions = model.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
    for (const expression of expressions) expect(expression).not.toMatch(/\bavg/)
    const overTime = model.panels.filter(({ type }) => type !== 'stat')
    for (const { targets } of overTime) {
      for (const { expr } of targets) expect(expr).not.toMatch(/\[\d/)
    }
  })
})

test('utilisation is drawn on the bands of the policy', async () => {
  const [board] = await buildBoards({
    ...policy,
    scaleIn: { ...policy.scaleIn, utilizationRatio: 0.31 },
  })
  const panels = modelOf(board?.json ?? '').panels.filter(({ title }) =>
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
