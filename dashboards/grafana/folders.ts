import { z } from 'zod'
import type { Service } from '../http.ts'
import { askAs, failure } from './service.ts'

/** Folders, by the address that Grafana 10 to 13 all answer. Format: grafana.com/docs, "Folder HTTP API". */

const folder = z.looseObject({ uid: z.string(), title: z.string() })
/** The largest page that the API gives. */
const limit = 1000

/** The uid of the folder with this title, which is made when there is none. */
export async function folderCalled(service: Service, title: string): Promise<string> {
  const answer = await askAs(service, 'list folders', `/api/folders?limit=${String(limit)}`)
  const found = z.array(folder).safeParse(answer.value)
  if (answer.status !== 200 || !found.success) throw failure(service, 'list folders', answer)
  return found.data.find((each) => each.title === title)?.uid ?? makeFolder(service, title)
}

export async function makeFolder(service: Service, title: string): Promise<string> {
  const answer = await askAs(service, 'make folders', '/api/folders', {
    method: 'POST',
    body: { title },
  })
  const made = folder.safeParse(answer.value)
  if (answer.status >= 300 || !made.success) {
    throw failure(service, `make the folder "${title}"`, answer)
  }
  return made.data.uid
}

export async function removeFolder(service: Service, uid: string): Promise<void> {
  const path = `/api/folders/${encodeURIComponent(uid)}`
  const answer = await askAs(service, 'delete folders', path, { method: 'DELETE' })
  if (answer.status >= 300 && answer.status !== 404)
    throw failure(service, 'delete folders', answer)
}
