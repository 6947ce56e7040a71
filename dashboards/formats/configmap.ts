import { stringify } from 'yaml'
import { assert } from '../../core/assert.ts'
import type { Board } from '../index.ts'
import type { Format, FormatOptions } from './format.ts'

/** What the API server of Kubernetes takes of one ConfigMap. */
const maximumBytes = 1024 * 1024

/**
 * A ConfigMap a board, as the sidecar container of Grafana's Helm charts looks for them: by the label
 * `grafana_dashboard`, and with the folder in an annotation where `folderAnnotation` is set to it.
 */
export const configmap: Format = {
  name: 'configmap',
  summary: 'a Kubernetes ConfigMap a board, for the dashboard sidecar of a Helm chart',
  files: (boards, options) =>
    boards.map((board) => [`${board.name}.yaml`, configMapOf(board, options)]),
}

function configMapOf({ name, json }: Board, { folder }: FormatOptions): string {
  const text = stringify(
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: `rerankscope-dashboard-${name}`,
        labels: { grafana_dashboard: '1', 'app.kubernetes.io/name': 'rerankscope' },
        annotations: { grafana_folder: folder },
      },
      // The sidecar writes every board into one folder: the name must be ours alone.
      data: { [`rerankscope-${name}.json`]: json },
    },
    { lineWidth: 0 },
  )
  assert(
    Buffer.byteLength(text) <= maximumBytes,
    `Board ${name} does not fit into a ConfigMap of ${String(maximumBytes)} bytes.`,
  )
  return text
}
