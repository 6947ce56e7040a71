import type { Board } from '../index.ts'

/** The forms in which a board travels to Grafana's HTTP API. Format: grafana.com/docs, "Dashboard HTTP API". */

export const apiGroup = 'dashboard.grafana.app'
const folderAnnotation = 'grafana.app/folder'
const message = 'rerankscope'

/** The classic model alone; later ones name `elements` and `layout`, which these boards have not. */
export const apiVersions = ['v1', 'v1beta1'] as const
export type ApiVersion = (typeof apiVersions)[number]

/** Grafana 12 and later. What identifies a board stands outside of its model. */
export function resourceOf(board: Board, version: ApiVersion, folderUid: string | undefined) {
  return {
    apiVersion: `${apiGroup}/${version}`,
    kind: 'Dashboard',
    metadata: {
      name: board.uid,
      ...(folderUid !== undefined && { annotations: { [folderAnnotation]: folderUid } }),
    },
    spec: withoutIdentity(board),
  }
}

/** Grafana 10 and 11. `overwrite` replaces a board with the same uid whatever its version is. */
export function legacyBody(board: Board, folderUid: string | undefined, overwrite: boolean) {
  return {
    dashboard: { ...modelOf(board), uid: board.uid },
    ...(folderUid !== undefined && { folderUid }),
    overwrite,
    message,
  }
}

function withoutIdentity(board: Board): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(modelOf(board)).filter(([key]) => key !== 'id' && key !== 'uid'),
  )
}

function modelOf({ json }: Board): Record<string, unknown> {
  return JSON.parse(json) as Record<string, unknown>
}
