import { z } from 'zod'
import { environmentError } from '../../core/errors.ts'
import type { Grafana } from '../../core/grafana.ts'
import { ask, type Service } from '../http.ts'
import { legacyStore } from './legacy-store.ts'
import { resourceStore } from './resource-store.ts'
import { serviceOf } from './service.ts'
import type { Store } from './store.ts'

export interface Connection {
  readonly service: Service
  readonly store: Store
  /** Of Grafana; undefined where it does not tell strangers. */
  readonly version: string | undefined
}

const health = z.looseObject({ database: z.string(), version: z.string().optional() })

/** Finds out what is at the address. Rejects with a `UserError` (environment) when it is no Grafana. */
export async function connect(grafana: Grafana): Promise<Connection> {
  const service = serviceOf(grafana)
  const { value } = await ask(service, '/api/health', {})
  const found = health.safeParse(value)
  if (!found.success) {
    throw environmentError(
      `${grafana.server.url} does not answer as a Grafana does: is this its address, with the path that it is served under?`,
    )
  }
  const store = (await resourceStore(service)) ?? legacyStore(service)
  return { service, store, version: found.data.version }
}
