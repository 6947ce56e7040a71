import { afterEach, describe, expect, test } from 'vitest'
import { parseTargetUrl } from '../../../core/target-url.ts'
import { panelQueries, shippedBoards, timeWindow, verifyBoards } from '../../../dashboards/index.ts'
import { grafanaStandIn, tokens, type GrafanaStandIn } from './grafana-stand-in.ts'

/** Against a stand-in for Grafana's API: no Grafana runs here. */
const boards = shippedBoards()
const window = timeWindow(1_800_000_000 - 3600, 1_800_000_000, 15)
let grafana: GrafanaStandIn
afterEach(() => grafana.close())

const verify = async (datasourceUid?: string, signal = new AbortController().signal) =>
  verifyBoards(
    { server: parseTargetUrl(grafana.url, '--grafana-url'), token: tokens.editor },
    boards,
    { datasourceUid, window, signal },
  )

describe.each([
  ['Grafana 13', ['v1'], 'dashboard.grafana.app/v1'],
  ['Grafana 11', [], '/api/dashboards/db'],
] as const)('%s', (_, versions, api) => {
  test('asks what every panel asks, and leaves nothing behind', async () => {
    grafana = await grafanaStandIn(versions)
    grafana.boards.set('mine', { version: 1, folder: undefined, model: {} })
    const found = await verify()
    expect(found).toMatchObject({
      grafana: { url: grafana.url, version: '12.0.0' },
      api,
      dataSource: { uid: 'prom-2', name: 'Main' },
      leftBehind: [],
    })
    const asked = panelQueries(boards)
    const verified = found.boards.flatMap(({ queries }) => queries)
    expect(verified.map(({ panel, refId }) => [panel, refId])).toEqual(
      asked.map(({ panel, refId }) => [panel, refId]),
    )
    expect(new Set(verified.map(({ verdict, series }) => `${verdict} ${String(series)}`))).toEqual(
      new Set(['data 1']),
    )
    expect(found.boards.flatMap(({ changes }) => changes)).toEqual([])
    // The menus are filled in here; windows of rates are Grafana's to know.
    expect(grafana.queries).toHaveLength(asked.length)
    expect(grafana.queries.every((query) => query.startsWith('prom-2 '))).toBe(true)
    expect(grafana.queries.some((query) => query.includes('job=~"(one|two)"'))).toBe(true)
    expect(grafana.queries.filter((query) => /\$(?!__)/.test(query))).toEqual([])
    expect(grafana.queries.some((query) => query.includes('$__rate_interval'))).toBe(true)
    expect([...grafana.boards.keys()]).toEqual(['mine'])
    expect(grafana.folders.size).toBe(0)
  })

  test('a query that fails or gives nothing is told apart, and from one that may be empty', async () => {
    grafana = await grafanaStandIn(versions)
    grafana.answer = (expression) =>
      expression.includes('qps_current')
        ? { error: 'bad_data: parse error' }
        : { series: expression.includes('memory') ? 0 : 2 }
    const queries = (await verify()).boards.flatMap((each) => each.queries)
    const of = (verdict: string) => queries.filter((query) => query.verdict === verdict)
    expect(of('failed').every(({ reason }) => reason === 'bad_data: parse error')).toBe(true)
    expect(of('failed').length).toBeGreaterThan(0)
    expect(of('empty').length).toBeGreaterThan(0)
    expect(of('may be empty').every(({ reason }) => /nvidia-smi|MIG/.test(reason ?? ''))).toBe(true)
    expect(of('may be empty').length).toBeGreaterThan(0)
    expect(of('data').every(({ series }) => series === 2)).toBe(true)
  })

  test('a board that comes back otherwise is said, panel by panel', async () => {
    grafana = await grafanaStandIn(versions)
    const first = boards[0]!.name
    let done = false
    const { boards: kept } = grafana
    const set = kept.set.bind(kept)
    kept.set = (uid, board) => {
      const panels = structuredClone(board.model['panels']) as { type: string; title: string }[]
      if (!done) panels.find(({ type }) => type !== 'row')!.title = 'Renamed'
      done = true
      return set(uid, { ...board, model: { ...board.model, panels } })
    }
    const [changed, ...others] = (await verify()).boards
    expect(changed?.name).toBe(first)
    expect(changed?.changes.join('\n')).toMatch(
      /^panel \d+ ".+" is missing\npanel \d+ "Renamed" was not sent$/,
    )
    expect(others.flatMap(({ changes }) => changes)).toEqual([])
  })

  test('cut short, it still takes away what it made', async () => {
    grafana = await grafanaStandIn(versions)
    const stop = new AbortController()
    grafana.answer = () => {
      stop.abort()
      return { series: 1 }
    }
    await expect(verify(undefined, stop.signal)).rejects.toThrow('Interrupted before it was done.')
    expect([grafana.boards.size, grafana.folders.size]).toEqual([0, 0])
    expect(grafana.queries).toHaveLength(1)
  })
})

test('what cannot be deleted is said', async () => {
  grafana = await grafanaStandIn(['v1'])
  grafana.answer = () => {
    const [folder] = grafana.folders.keys()
    grafana.boards.set('of-somebody', { version: 1, folder, model: {} })
    return { series: 1 }
  }
  expect((await verify()).leftBehind).toEqual([
    `Grafana at ${grafana.url} does not let us delete folders: status 400, "folder is not empty".`,
  ])
})

test('the data source that is named is asked; one that is not there is refused before anything is made', async () => {
  grafana = await grafanaStandIn(['v1'])
  expect((await verify('prom-1')).dataSource.name).toBe('Other')
  grafana.asked.splice(0)
  await expect(verify('loki-1')).rejects.toThrow(
    'no Prometheus data source with the uid loki-1: --datasource takes prom-1 ("Other"), prom-2 ("Main").',
  )
  expect(grafana.asked.filter((line) => !line.startsWith('GET'))).toEqual([])
})
