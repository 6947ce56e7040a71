import { legacyBody, resourceOf } from '../grafana/resource.ts'
import type { Format } from './format.ts'

/**
 * Two request bodies a board: the resource that Grafana 12 and 13 (and their tools) take, and the
 * body of the older address, which Grafana 10 and 11 know and 13 still answers.
 */
export const api: Format = {
  name: 'api',
  summary: 'request bodies for the HTTP API: NAME.resource.json (Grafana 12 on), NAME.post.json',
  files: (boards) =>
    boards.flatMap((board) => [
      [`${board.name}.resource.json`, text(resourceOf(board, 'v1', undefined))] as const,
      [`${board.name}.post.json`, text(legacyBody(board, undefined, true))] as const,
    ]),
}

const text = (body: unknown) => `${JSON.stringify(body, null, 2)}\n`
