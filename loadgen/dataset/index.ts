import type { DatasetSource } from './dataset.ts'
import { synthetic } from './synthetic.ts'

/** Every data set. One more = one file and one line here. */
export const datasets: readonly DatasetSource[] = [synthetic]
