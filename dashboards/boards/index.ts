import type { BoardDefinition } from './board.ts'
import { gpu } from './gpu.ts'
import { latency } from './latency.ts'
import { loadTest } from './load-test.ts'
import { overview } from './overview.ts'

/** Every board. One more = one file and one line here. */
export const boards: readonly BoardDefinition[] = [overview, latency, gpu, loadTest]
