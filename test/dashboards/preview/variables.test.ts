import { expect, test } from 'vitest'
import { modelOf, type Variable } from '../../../dashboards/preview/model.ts'
import { fillMenus, substitute } from '../../../dashboards/preview/variables.ts'
import { instantsOf, timeWindow } from '../../../dashboards/preview/window.ts'
import { shippedBoards } from '../../../dashboards/index.ts'

const window = timeWindow(1000, 4600, 15)

function variable(name: string, query: string, allValue?: string): Variable {
  return {
    ...{ name, type: 'query', label: name, hide: 0, includeAll: true, regex: '', current: {} },
    query: { query },
    allValue,
  }
}

test('a window: steps that a person would choose, and Grafana’s windows of rates', () => {
  expect(window).toEqual({
    fromSeconds: 990,
    toSeconds: 4590,
    stepSeconds: 15,
    rateSeconds: 60,
    rangeSeconds: 3600,
  })
  expect(timeWindow(0, 86_400, 15)).toMatchObject({ stepSeconds: 600, rateSeconds: 615 })
  expect(timeWindow(0, 7 * 86_400, 15).stepSeconds).toBe(3600)
  expect(timeWindow(0, 60, 1)).toMatchObject({ stepSeconds: 1, rateSeconds: 4 })
  expect(instantsOf(timeWindow(0, 60, 15))).toEqual([0, 15, 30, 45, 60])
})

test('each menu is filled under those before it', async () => {
  const asked: unknown[] = []
  const menus = await fillMenus(
    [
      { ...variable('datasource', ''), type: 'datasource', query: 'prometheus' },
      variable('job', 'label_values(a_metric, job)'),
      variable('instance', 'label_values(a_metric{job=~"$job"}, instance)', '.+'),
    ],
    { instance: ['b:1', 'gone:1'] },
    window,
    (label, selector) => {
      asked.push([label, selector])
      return Promise.resolve(label === 'job' ? ['y', 'x'] : ['a:1', 'b:1'])
    },
  )
  expect(asked).toEqual([
    ['job', 'a_metric'],
    ['instance', 'a_metric{job=~"(x|y)"}'],
  ])
  expect(menus.map(({ name, chosen, text }) => ({ name, chosen, text }))).toEqual([
    { name: 'job', chosen: [], text: '(x|y)' },
    // What is not there any more cannot be chosen.
    { name: 'instance', chosen: ['b:1'], text: 'b:1' },
  ])
})

test('"All" is the value of its own where there is one, and every value where there is none', async () => {
  const values = (label: string) => Promise.resolve(label === 'none' ? [] : ['a.b', 'q"\\(c)'])
  const menus = await fillMenus(
    [
      variable('all', 'label_values(all)', '.+'),
      variable('list', 'label_values(list)'),
      variable('none', 'label_values(none)'),
    ],
    {},
    window,
    values,
  )
  expect(menus.map(({ text }) => text)).toEqual(['.+', '(a\\\\.b|q\\"\\\\\\\\\\\\(c\\\\))', ''])
})

test('every form of a variable is filled in, and what is none stays', () => {
  const menu = { name: 'job', label: 'job', values: ['x'], chosen: [], text: 'x' }
  expect(
    substitute(
      'a{job=~"$job",b="${job:regex}",c="$jobs"}[$__rate_interval] $__range $1',
      [menu],
      window,
    ),
  ).toBe('a{job=~"x",b="x",c="$jobs"}[60s] 3600s $1')
})

test('no variable of a shipped board is left in a query', async () => {
  for (const board of shippedBoards()) {
    const { variables, sections } = modelOf(board)
    const menus = await fillMenus(variables, {}, window, () => Promise.resolve(['one']))
    const queries = sections
      .flatMap(({ panels }) => panels)
      .flatMap(({ targets }) => targets.map(({ expr }) => substitute(expr, menus, window)))
    expect(queries.length, board.name).toBeGreaterThan(5)
    expect(queries.filter((query) => query.includes('$'))).toEqual([])
  }
})
