import { heatmap } from './heatmap.ts'
import type { Kind } from './kind.ts'
import { stat } from './stat.ts'
import { stateTimeline } from './state-timeline.ts'
import { table } from './table.ts'
import { timeseries } from './timeseries.ts'

/** Every kind of panel that the boards use. One more = one file and one line here. */
export const kinds: readonly Kind[] = [stat, timeseries, stateTimeline, heatmap, table]
