import type { Format } from './format.ts'

/** Grafana's classic model as it stands: for the import page, and for whoever provisions already. */
export const json: Format = {
  name: 'json',
  summary: 'a file a board, for the import page',
  files: (boards) => boards.map((board) => [`${board.name}.json`, board.json]),
}
