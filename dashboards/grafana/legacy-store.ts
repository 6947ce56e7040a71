import { z } from 'zod'
import { environmentError } from '../../core/errors.ts'
import type { Service } from '../http.ts'
import { legacyBody } from './resource.ts'
import { changedMeanwhile } from './resource-store.ts'
import { askAs, failure } from './service.ts'
import type { Store } from './store.ts'

/** Grafana 10 and 11. Format: grafana.com/docs, "Dashboard HTTP API" of those versions. */

const stored = z.looseObject({
  dashboard: z.looseObject({ title: z.string().default(''), version: z.number() }),
  meta: z.looseObject({ provisioned: z.boolean().default(false) }).default({ provisioned: false }),
})
const refusal = z.looseObject({ status: z.string() })

export function legacyStore(service: Service): Store {
  const at = (uid: string) => `/api/dashboards/uid/${encodeURIComponent(uid)}`
  return {
    api: '/api/dashboards/db',
    async read(uid) {
      const answer = await askAs(service, 'read boards', at(uid))
      if (answer.status === 404) return undefined
      const found = stored.safeParse(answer.value)
      if (answer.status !== 200 || !found.success) throw failure(service, 'read boards', answer)
      const { dashboard, meta } = found.data
      return {
        title: dashboard.title,
        version: String(dashboard.version),
        manager: meta.provisioned ? 'a provisioned file' : undefined,
        model: dashboard,
      }
    },
    async write(board, folderUid, before) {
      const body = legacyBody(board, folderUid, false)
      // With the version that we saw, and without `overwrite`: what came in between is not lost.
      const dashboard = {
        ...body.dashboard,
        ...(before !== undefined && { version: Number(before.version) }),
      }
      const answer = await askAs(service, 'write boards', '/api/dashboards/db', {
        method: 'POST',
        body: { ...body, dashboard },
      })
      if (answer.status === 412) throw conflict(board.title, answer.value)
      if (answer.status >= 300) throw failure(service, `write "${board.title}"`, answer)
    },
    async remove(uid) {
      const answer = await askAs(service, 'delete boards', at(uid), { method: 'DELETE' })
      if (answer.status >= 300 && answer.status !== 404) {
        throw failure(service, 'delete boards', answer)
      }
    },
  }
}

function conflict(title: string, value: unknown) {
  const parsed = refusal.safeParse(value)
  return parsed.success && parsed.data.status === 'name-exists'
    ? environmentError(
        `The folder has another board called "${title}": rename that one, or push into another with --folder.`,
      )
    : changedMeanwhile(title)
}
