import { environmentError } from '../../core/errors.ts'
import type { Grafana } from '../../core/grafana.ts'
import type { Board } from '../index.ts'
import { connect } from './connect.ts'
import { folderCalled } from './folders.ts'
import type { StoredBoard } from './store.ts'

export interface Pushed {
  readonly name: string
  readonly done: 'created' | 'replaced'
  /** Where to look at it. */
  readonly url: string
}

/**
 * Writes boards into a folder of a Grafana, all or, when one of them is there already and `overwrite`
 * does not say to replace it, none. Rejects with a `UserError` (environment).
 */
export async function pushBoards(
  grafana: Grafana,
  boards: readonly Board[],
  { folder, overwrite }: { readonly folder: string; readonly overwrite: boolean },
): Promise<readonly Pushed[]> {
  const { service, store } = await connect(grafana)
  const before = new Map<string, StoredBoard>()
  for (const { uid } of boards) {
    const stored = await store.read(uid)
    if (stored !== undefined) before.set(uid, stored)
  }
  for (const [uid, stored] of before) refuse(uid, stored, overwrite)
  const folderUid = await folderCalled(service, folder)
  const pushed: Pushed[] = []
  for (const board of boards) {
    const stored = before.get(board.uid)
    await store.write(board, folderUid, stored)
    pushed.push({
      name: board.name,
      done: stored === undefined ? 'created' : 'replaced',
      url: `${grafana.server.url}/d/${board.uid}`,
    })
  }
  return pushed
}

function refuse(uid: string, { title, version, manager }: StoredBoard, overwrite: boolean): void {
  if (manager !== undefined) {
    throw environmentError(
      `Grafana has a board with the uid ${uid} ("${title}") that ${manager} keeps: change it there, it cannot be pushed over.`,
    )
  }
  if (!overwrite) {
    throw environmentError(
      `Grafana has a board with the uid ${uid} already ("${title}", version ${version}): push with --overwrite to replace it.`,
    )
  }
}
