import { z } from 'zod'
import { environmentError } from '../../core/errors.ts'
import { ask, type Service } from '../http.ts'
import { apiGroup, apiVersions, resourceOf, type ApiVersion } from './resource.ts'
import { askAs, failure } from './service.ts'
import type { Store, StoredBoard } from './store.ts'

/** Grafana 12 and 13. Format: grafana.com/docs, "Dashboard HTTP API" and "API structure in Grafana". */

const resource = z.looseObject({
  metadata: z.looseObject({
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.looseObject({ title: z.string().default('') }),
})
const group = z.looseObject({ versions: z.array(z.looseObject({ version: z.string() })) })
const settings = z.looseObject({ namespace: z.string() })

/** Undefined where the server has no such API, or not in a version that knows the classic model. */
export async function resourceStore(service: Service): Promise<Store | undefined> {
  // A Grafana that does not know the address may answer with its own HTML page.
  const answer = await ask(service, `/apis/${apiGroup}`, { anyForm: true })
  const found = group.safeParse(answer.value)
  const offered = found.success ? found.data.versions.map((each) => each.version) : []
  const version = apiVersions.find((each) => offered.includes(each))
  if (version === undefined) return undefined
  return storeAt(service, version, await namespaceOf(service))
}

/** `default`, `org-2` or `stacks-3`: an organisation's own. */
async function namespaceOf(service: Service): Promise<string> {
  const { value } = await ask(service, '/api/frontend/settings', { anyForm: true })
  const found = settings.safeParse(value)
  return found.success ? found.data.namespace : 'default'
}

function storeAt(service: Service, version: ApiVersion, namespace: string): Store {
  const boards = `/apis/${apiGroup}/${version}/namespaces/${encodeURIComponent(namespace)}/dashboards`
  const at = (uid: string) => `${boards}/${encodeURIComponent(uid)}`
  return {
    api: `${apiGroup}/${version}`,
    async read(uid) {
      const answer = await askAs(service, 'read boards', at(uid))
      if (answer.status === 404) return undefined
      const found = resource.safeParse(answer.value)
      if (answer.status === 200 && found.success) return storedOf(found.data)
      throw failure(service, 'read boards', answer)
    },
    async write(board, folderUid, stored) {
      const body = resourceOf(board, version, folderUid)
      const answer = await askAs(
        service,
        'write boards',
        stored === undefined ? boards : at(board.uid),
        stored === undefined
          ? { method: 'POST', body }
          : {
              method: 'PUT',
              body: { ...body, metadata: { ...body.metadata, resourceVersion: stored.version } },
            },
      )
      if (answer.status === 409) throw changedMeanwhile(board.title)
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

function storedOf({ metadata, spec }: z.infer<typeof resource>): StoredBoard {
  return {
    title: spec.title,
    version: metadata.resourceVersion,
    manager: metadata.annotations['grafana.app/managedBy'],
    model: spec,
  }
}

export const changedMeanwhile = (title: string) =>
  environmentError(`"${title}" was changed in Grafana while we wrote it: push again.`)
