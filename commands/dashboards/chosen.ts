import { usageError } from '../../core/errors.ts'
import { shippedBoards, type Board } from '../../dashboards/index.ts'

/** The board that `--board` names, or all. Throws a `UserError` (usage) when there is none. */
export function chosenBoards(name: string | undefined): readonly Board[] {
  const boards = shippedBoards()
  if (name === undefined) return boards
  const chosen = boards.filter((board) => board.name === name)
  if (chosen.length > 0) return chosen
  const names = boards.map((board) => board.name).join(', ')
  throw usageError(`There is no board ${name}: --board takes ${names}.`)
}
