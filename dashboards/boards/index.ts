import type { BoardDefinition } from './board.ts'
import { overview } from './overview.ts'

/** Every board. One more = one file and one line here. */
export const boards: readonly BoardDefinition[] = [overview]
