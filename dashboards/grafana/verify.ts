import { randomUUID } from 'node:crypto'
import { environmentError, messageOf, UserError } from '../../core/errors.ts'
import type { Grafana } from '../../core/grafana.ts'
import { panelQueries } from '../coverage.ts'
import type { Board } from '../index.ts'
import { modelOf } from '../preview/model.ts'
import { prometheusOver } from '../preview/prometheus.ts'
import { fillMenus, substitute } from '../preview/variables.ts'
import type { TimeWindow } from '../preview/window.ts'
import { interrupted } from '../http.ts'
import { connect, type Connection } from './connect.ts'
import { makeFolder, removeFolder } from './folders.ts'
import { dataSource, runQuery, type DataSource } from './query.ts'

export interface Verification {
  readonly grafana: { readonly url: string; readonly version: string | undefined }
  readonly api: string
  readonly dataSource: DataSource
  readonly boards: readonly VerifiedBoard[]
  /** What could not be deleted again, a sentence each. */
  readonly leftBehind: readonly string[]
}

export interface VerifiedBoard {
  readonly name: string
  /** What came back otherwise than it was written, a sentence each. */
  readonly changes: readonly string[]
  readonly queries: readonly VerifiedQuery[]
}

export interface VerifiedQuery {
  readonly panel: number
  readonly title: string
  readonly refId: string
  readonly verdict: 'data' | 'empty' | 'may be empty' | 'failed'
  readonly series: number
  /** What is wrong, or why it may be empty. */
  readonly reason: string | undefined
}

export interface VerifyOptions {
  readonly datasourceUid: string | undefined
  readonly window: TimeWindow
  readonly signal: AbortSignal
}

/**
 * Writes boards into a folder of its own, under uids of its own, reads them back, asks what every panel
 * asks, and deletes all of it, whatever happened. Rejects with a `UserError` (environment) when that
 * cannot even begin.
 */
export async function verifyBoards(
  grafana: Grafana,
  boards: readonly Board[],
  options: VerifyOptions,
): Promise<Verification> {
  const connection = await connect(grafana)
  const { service, store, version } = connection
  const source = await dataSource(service, options.datasourceUid)
  const mark = randomUUID().slice(0, 8)
  const folderUid = await makeFolder(service, `rerankscope verify ${mark}`)
  const copies = boards.map((board, at) => ({
    board,
    copy: { ...board, uid: `rerankscope-verify-${mark}-${String(at)}` },
  }))
  const verified: VerifiedBoard[] = []
  let failed: unknown
  try {
    for (const { board, copy } of copies) {
      if (options.signal.aborted) throw interrupted()
      await store.write(copy, folderUid, undefined)
      const stored = await store.read(copy.uid)
      const queries = await verifiedQueries(board, connection, source, options)
      verified.push({ name: board.name, changes: changesIn(board, stored?.model), queries })
    }
  } catch (error) {
    failed = error
  }
  const leftBehind = await removeAll([
    ...copies.map(
      ({ copy }) =>
        () =>
          store.remove(copy.uid),
    ),
    () => removeFolder(service, folderUid),
  ])
  if (failed !== undefined) throw withLeftBehind(failed, leftBehind)
  return {
    grafana: { url: grafana.server.url, version },
    ...{ api: store.api, dataSource: source, boards: verified, leftBehind },
  }
}

/** What could not be removed, a sentence each. One that stays does not keep the others. */
async function removeAll(removals: readonly (() => Promise<void>)[]): Promise<readonly string[]> {
  const sentences: string[] = []
  for (const remove of removals) {
    await remove().catch((error: unknown) => sentences.push(messageOf(error)))
  }
  return sentences
}

function withLeftBehind(error: unknown, leftBehind: readonly string[]): unknown {
  if (leftBehind.length === 0 || !(error instanceof UserError)) return error
  return environmentError(`${error.message} Left behind: ${leftBehind.join(' ')}`)
}

/** Compares what a panel is: its number, its title and its queries. */
function changesIn(board: Board, model: unknown): readonly string[] {
  if (model === undefined) return ['the board is not there after it was written']
  const sent = linesOf(board.json)
  let returned: readonly string[]
  try {
    returned = linesOf(JSON.stringify(model))
  } catch {
    return ['the board came back in another form']
  }
  return [
    ...sent.filter((line) => !returned.includes(line)).map((line) => `${line} is missing`),
    ...returned.filter((line) => !sent.includes(line)).map((line) => `${line} was not sent`),
  ]
}

function linesOf(json: string): readonly string[] {
  return modelOf({ name: '', json }).sections.flatMap(({ panels }) =>
    panels.flatMap(({ id, title, targets }) => [
      `panel ${String(id)} "${title}"`,
      ...targets.map(({ refId, expr }) => `query ${refId} of panel ${String(id)} (${expr})`),
    ]),
  )
}

async function verifiedQueries(
  board: Board,
  { service }: Connection,
  source: DataSource,
  { window, signal }: VerifyOptions,
): Promise<readonly VerifiedQuery[]> {
  const { variables, sections } = modelOf(board)
  // As Grafana's own menus ask for their values: through the data source.
  const { server } = service
  const path = `/api/datasources/uid/${encodeURIComponent(source.uid)}/resources`
  const prometheus = prometheusOver({ ...service, server: { ...server, url: server.url + path } })
  const menus = await fillMenus(variables, {}, window, (label, selector) =>
    prometheus.labelValues(label, selector, window, signal),
  )
  const reasons = new Map(
    panelQueries([board]).map((query) => [
      `${String(query.panel)}${query.refId}`,
      query.mayBeEmpty,
    ]),
  )
  const verified: VerifiedQuery[] = []
  for (const { id, title, targets } of sections.flatMap(({ panels }) => panels)) {
    for (const target of targets) {
      if (signal.aborted) throw interrupted()
      const filled = { ...target, expr: substitute(target.expr, menus) }
      const outcome = await runQuery(service, source, filled, window)
      const mayBeEmpty = reasons.get(`${String(id)}${target.refId}`)
      verified.push({ panel: id, title, refId: target.refId, ...verdictOf(outcome, mayBeEmpty) })
    }
  }
  return verified
}

function verdictOf(
  outcome: Awaited<ReturnType<typeof runQuery>>,
  mayBeEmpty: string | undefined,
): Pick<VerifiedQuery, 'verdict' | 'series' | 'reason'> {
  if ('problem' in outcome) return { verdict: 'failed', series: 0, reason: outcome.problem }
  const { series } = outcome
  if (series > 0) return { verdict: 'data', series, reason: undefined }
  return mayBeEmpty === undefined
    ? { verdict: 'empty', series, reason: undefined }
    : { verdict: 'may be empty', series, reason: mayBeEmpty }
}
