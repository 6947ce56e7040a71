import { usageError } from '../../core/errors.ts'
import { shippedBoards, withRunbooks, type Board } from '../../dashboards/index.ts'
import type { DashboardArguments } from './options.ts'

/** The board that `--board` names, or all. Throws a `UserError` (usage) when there is none. */
export function chosenBoards(name: string | undefined): readonly Board[] {
  const boards = shippedBoards()
  if (name === undefined) return boards
  const chosen = boards.filter((board) => board.name === name)
  if (chosen.length > 0) return chosen
  const names = boards.map((board) => board.name).join(', ')
  throw usageError(`There is no board ${name}: --board takes ${names}.`)
}

/** As they go to people: with links to their runbooks, if they said where those are. */
export function boardsToHandOut(
  args: Pick<DashboardArguments, 'board' | 'runbook-base'>,
): readonly Board[] {
  const base = args['runbook-base']
  const boards = chosenBoards(args.board)
  return base === undefined ? boards : boards.map((board) => withRunbooks(board, base))
}
