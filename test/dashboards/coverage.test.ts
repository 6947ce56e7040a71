import { expect, test } from 'vitest'
import { metrics } from '../../core/metrics.ts'
import { metricsIn, notShown, sparseQueries } from '../../dashboards/coverage.ts'
import { panelQueries, shippedBoards, withEverythingChosen } from '../../dashboards/index.ts'

const board = (panels: unknown) => ({ name: 'one', json: JSON.stringify({ panels }) })
const asking = (id: number, ...expressions: readonly string[]) => ({
  id,
  title: `panel ${String(id)}`,
  targets: expressions.map((expr, at) => ({ refId: 'AB'.charAt(at), expr })),
})

test('every query is found, in closed rows as well', () => {
  const row = { id: 3, title: 'more', panels: [asking(4, 'rerankscope_gpu_power_watts')] }
  expect(panelQueries([board([asking(1, 'qps_current', 'reranker_queue_pairs'), row])])).toEqual([
    {
      board: 'one',
      panel: 1,
      title: 'panel 1',
      refId: 'A',
      expression: 'qps_current',
      mayBeEmpty: undefined,
    },
    {
      board: 'one',
      panel: 1,
      title: 'panel 1',
      refId: 'B',
      expression: 'reranker_queue_pairs',
      mayBeEmpty: undefined,
    },
    {
      board: 'one',
      panel: 4,
      title: 'panel 4',
      refId: 'A',
      expression: 'rerankscope_gpu_power_watts',
      mayBeEmpty: 'only nvidia-smi tells it: an emulated GPU has none',
    },
  ])
})

test('no alert need fire', () => {
  const [query] = panelQueries([board([asking(1, 'count (ALERTS{alertstate="firing"})')])])
  expect(query?.mayBeEmpty).toBe('only an alert that fires has it')
})

test('a name is a whole word, and a histogram is read by its series', () => {
  expect(metricsIn('rerankscope_gpu_memory_used_bytes / rerankscope_gpu_up')).toEqual([
    metrics.gpuUp,
    metrics.gpuMemoryUsedBytes,
  ])
  expect(metricsIn('sum by (le) (rate(reranker_batch_pairs_bucket[1m]))')).toEqual([
    metrics.batchPairs,
  ])
  expect(metricsIn('reranker_batch_pairs')).toEqual([])
})

test('no variable of Grafana is left when everything is chosen', () => {
  expect(withEverythingChosen('rate(x{job=~"$job", gpu_uuid=~"$gpu"}[$__rate_interval])', 60)).toBe(
    'rate(x{job=~".+", gpu_uuid=~".+"}[60s])',
  )
  for (const { expression } of panelQueries(shippedBoards())) {
    expect(withEverythingChosen(expression, 60)).not.toContain('$')
  }
})

test('every metric of the catalogue is on a board, or excused with a reason, and not both', () => {
  const shown = new Set(
    panelQueries(shippedBoards()).flatMap(({ expression }) => metricsIn(expression)),
  )
  const keys = Object.keys(metrics) as (keyof typeof metrics)[]
  const missing = keys.filter((key) => !shown.has(metrics[key]))
  expect(missing.sort()).toEqual(Object.keys(notShown).sort())
  for (const reason of Object.values(notShown)) expect(reason.length).toBeGreaterThan(20)
  expect(shown.size).toBeGreaterThan(50)
})

test('a query that is excused on its own is still there, and its metrics do not excuse it', () => {
  const queries = panelQueries(shippedBoards())
  for (const [key, reason] of Object.entries(sparseQueries)) {
    const [query] = queries.filter(
      ({ board: name, panel, refId }) => `${name} ${String(panel)} ${refId}` === key,
    )
    expect(query?.mayBeEmpty, key).toBe(reason)
    expect(
      panelQueries([board([asking(1, query?.expression ?? '')])])[0]?.mayBeEmpty,
    ).toBeUndefined()
  }
})

test('a panel keeps its id for good: alerts and links point at it', async () => {
  const panels = panelQueries(shippedBoards()).map(
    ({ board: name, panel, title }) => `${name} ${String(panel)} ${title}`,
  )
  await expect(`${[...new Set(panels)].join('\n')}\n`).toMatchFileSnapshot('../golden/panels.txt')
})
