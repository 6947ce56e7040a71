import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyOf, loopback, type Loopback } from '../loopback.ts'

/**
 * A stand-in for Grafana's HTTP API, not a Grafana: it keeps boards and folders as the documentation
 * of Grafana 10 to 13 says, checks who asks, uids and versions, and knows nothing of what it keeps.
 */
export interface GrafanaStandIn extends Loopback {
  readonly boards: Map<string, Kept>
  readonly folders: Map<string, string>
  readonly asked: string[]
  /** Expressions that came to the data source. */
  readonly queries: string[]
  /** Runs before a board is written: somebody else may have been faster. */
  meanwhile: () => void
  /** What the data source makes of an expression. */
  answer: (expression: string) => { series: number } | { error: string }
}

interface Kept {
  version: number
  folder: string | undefined
  model: Record<string, unknown>
  manager?: string
}

export const tokens = { editor: 'glsa_editor', viewer: 'glsa_viewer' }

type Body = Record<string, unknown>
type Reply = readonly [status: number, body: unknown]

/** `versions` of the new API; none is Grafana 11 and before. */
export async function grafanaStandIn(versions: readonly string[]): Promise<GrafanaStandIn> {
  const state: Omit<GrafanaStandIn, keyof Loopback> = {
    ...{ boards: new Map(), folders: new Map(), asked: [], queries: [] },
    meanwhile: () => undefined,
    answer: () => ({ series: 1 }),
  }
  const server = await loopback((request, response) => void serve(request, response))
  const standIn: GrafanaStandIn = Object.assign(state, server)
  return standIn

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request)
    const { pathname } = new URL(request.url ?? '', 'http://stand-in')
    standIn.asked.push(`${request.method ?? ''} ${pathname}`)
    const body = text === '' ? {} : (JSON.parse(text) as Body)
    const { authorization } = request.headers
    const reply = route(request.method ?? '', pathname, body, authorization)
    if (reply === undefined) {
      // As Grafana answers an address that only its pages know.
      response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html><p>Not found')
      return
    }
    response.writeHead(reply[0], { 'content-type': 'application/json' })
    response.end(JSON.stringify(reply[1]))
  }

  function route(
    method: string,
    path: string,
    body: Body,
    authorization: string | undefined,
  ): Reply | undefined {
    if (path === '/api/health') return [200, { database: 'ok', version: '12.0.0' }]
    const token = authorization?.replace(/^Bearer /, '')
    if (token !== tokens.editor && token !== tokens.viewer) {
      return [401, { message: 'Invalid API key' }]
    }
    const writes = method !== 'GET' && path !== '/api/ds/query'
    if (writes && token === tokens.viewer) return [403, { message: 'Access denied' }]
    return (
      resources(method, path, body) ??
      legacy(method, path, body) ??
      folders(method, path, body) ??
      sources(path, body)
    )
  }

  function resources(method: string, path: string, body: Body): Reply | undefined {
    if (versions.length === 0) return undefined
    if (path === '/apis/dashboard.grafana.app') {
      return [200, { kind: 'APIGroup', versions: versions.map((version) => ({ version })) }]
    }
    if (path === '/api/frontend/settings') return [200, { namespace: 'org-7' }]
    const match =
      /^\/apis\/dashboard\.grafana\.app\/(\w+)\/namespaces\/org-7\/dashboards(?:\/(.+))?$/.exec(
        path,
      )
    if (match === null || !versions.includes(match[1]!)) return undefined
    const metadata = (body['metadata'] ?? {}) as {
      name: string
      resourceVersion?: string
      annotations?: Record<string, string>
    }
    const uid = match[2] ?? metadata.name
    const folder = metadata.annotations?.['grafana.app/folder']
    if (method === 'POST' || method === 'PUT') {
      standIn.meanwhile()
      const before = standIn.boards.get(uid)
      if (method === 'POST' && before !== undefined) return [409, { reason: 'AlreadyExists' }]
      if (method === 'PUT' && before === undefined) return [404, { reason: 'NotFound' }]
      if (method === 'PUT' && metadata.resourceVersion !== String(before?.version)) {
        return [409, { reason: 'Conflict' }]
      }
      const version = (before?.version ?? 0) + 1
      standIn.boards.set(uid, { version, folder, model: body['spec'] as Body })
    }
    const kept = standIn.boards.get(uid)
    if (kept === undefined) return [404, { reason: 'NotFound', message: 'not found' }]
    if (method === 'DELETE') standIn.boards.delete(uid)
    const annotations = {
      ...(kept.folder !== undefined && { 'grafana.app/folder': kept.folder }),
      ...(kept.manager !== undefined && { 'grafana.app/managedBy': kept.manager }),
    }
    return [
      method === 'POST' ? 201 : 200,
      {
        metadata: { name: uid, resourceVersion: String(kept.version), annotations },
        spec: kept.model,
      },
    ]
  }

  function legacy(method: string, path: string, body: Body): Reply | undefined {
    if (path === '/api/dashboards/db' && method === 'POST') {
      standIn.meanwhile()
      const model = body['dashboard'] as Body
      const uid = String(model['uid'])
      const folder = body['folderUid'] as string
      const before = standIn.boards.get(uid)
      const namesake = [...standIn.boards].some(
        ([other, kept]) =>
          other !== uid && kept.folder === folder && kept.model['title'] === model['title'],
      )
      if (namesake) return [412, { status: 'name-exists' }]
      const stale = before !== undefined && model['version'] !== before.version
      if (stale && body['overwrite'] !== true) return [412, { status: 'version-mismatch' }]
      standIn.boards.set(uid, { version: (before?.version ?? 0) + 1, folder, model })
      return [200, { uid, status: 'success' }]
    }
    const uid = /^\/api\/dashboards\/uid\/(.+)$/.exec(path)?.[1]
    if (uid === undefined) return undefined
    const kept = standIn.boards.get(uid)
    if (kept === undefined) return [404, { message: 'Dashboard not found' }]
    if (method === 'DELETE') standIn.boards.delete(uid)
    return [
      200,
      {
        dashboard: { ...kept.model, version: kept.version },
        meta: { provisioned: kept.manager !== undefined, folderUid: kept.folder },
      },
    ]
  }

  function folders(method: string, path: string, body: Body): Reply | undefined {
    if (path === '/api/folders' && method === 'GET') {
      return [200, [...standIn.folders].map(([uid, title]) => ({ uid, title }))]
    }
    if (path === '/api/folders') {
      const uid = `folder-${String(standIn.folders.size + 1)}`
      standIn.folders.set(uid, String(body['title']))
      return [200, { uid, title: body['title'] }]
    }
    const uid = /^\/api\/folders\/(.+)$/.exec(path)?.[1]
    if (uid === undefined || method !== 'DELETE') return undefined
    const full = [...standIn.boards.values()].some(({ folder }) => folder === uid)
    if (full) return [400, { message: 'folder is not empty' }]
    return standIn.folders.delete(uid) ? [200, {}] : [404, { message: 'folder not found' }]
  }

  function sources(path: string, body: Body): Reply | undefined {
    if (path === '/api/datasources') {
      return [
        200,
        [
          { uid: 'loki-1', name: 'Loki', type: 'loki', isDefault: false },
          { uid: 'prom-1', name: 'Other', type: 'prometheus', isDefault: false },
          { uid: 'prom-2', name: 'Main', type: 'prometheus', isDefault: true },
        ],
      ]
    }
    if (/^\/api\/datasources\/uid\/prom-\d\/resources\/api\/v1\/label\/\w+\/values$/.test(path)) {
      return [200, { status: 'success', data: ['one', 'two'] }]
    }
    if (path !== '/api/ds/query') return undefined
    const [query] = body['queries'] as {
      refId: string
      expr: string
      datasource: { uid: string }
    }[]
    standIn.queries.push(`${query!.datasource.uid} ${query!.expr}`)
    const answer = standIn.answer(query!.expr)
    if ('error' in answer) return [400, { results: { [query!.refId]: { error: answer.error } } }]
    const frames = Array.from({ length: answer.series }, () => ({
      schema: { fields: [{ type: 'time' }, { type: 'number' }] },
      data: { values: [[1], [0.5]] },
    }))
    return [200, { results: { [query!.refId]: { status: 200, frames } } }]
  }
}
