import type { Board } from '../index.ts'

/** Where a Grafana keeps its boards. A member speaks one of its two APIs. */
export interface Store {
  /** For people: which API that is. */
  readonly api: string
  /** Undefined when there is no board with this uid. */
  read(uid: string): Promise<StoredBoard | undefined>
  /**
   * Makes the board, or replaces what `stored` was when it was read. Rejects with a `UserError`
   * (environment) when it was changed in the meantime, or another board is in the way.
   */
  write(board: Board, folderUid: string, stored: StoredBoard | undefined): Promise<void>
  /** Rejects with a `UserError` (environment) when it is still there afterwards. */
  remove(uid: string): Promise<void>
}

export interface StoredBoard {
  readonly title: string
  /** What changes with every change. */
  readonly version: string
  /** Who keeps it, when that is not Grafana itself: it cannot be written then. */
  readonly manager: string | undefined
  readonly model: unknown
}
