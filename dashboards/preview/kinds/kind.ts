import type { Markup } from '../../../core/page/markup.ts'
import type { Paint, Tone } from '../colors.ts'
import type { Panel } from '../model.ts'
import type { Series } from '../series.ts'
import type { Scale } from '../units.ts'
import type { TimeWindow } from '../window.ts'

/** A way to show a panel. A member of dashboards/preview/kinds/. Pure: the same answers, the same picture. */
export interface Kind {
  /** As the panel's JSON calls it. */
  readonly type: string
  /** `series` has at least one value to show. */
  draw(panel: Panel, series: readonly Series[], window: TimeWindow): Drawing
}

export interface Drawing {
  readonly markup: Markup
  /** What uPlot draws into the element `.chart` of the markup. */
  readonly chart?: Chart
}

/** A chart as the page's script draws it. */
export interface Chart {
  /** Time first, then a column a line. Stacked columns are sums already. */
  readonly columns: readonly (readonly (number | null)[])[]
  readonly lines: readonly Line[]
  readonly stacked: boolean
  readonly scale: Scale
  readonly minimum: number
  readonly maximum: number
  /** Where the axis has its words, and the words. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[]
  /** Regions between two values, and single values, of the thresholds. */
  readonly regions: readonly { readonly from: number; readonly to: number; readonly tone: Tone }[]
  readonly limits: readonly { readonly at: number; readonly tone: Tone }[]
}

interface Line {
  readonly name: string
  readonly paint: Paint
  readonly width: number
  /** 0 to 1: how much of its colour the area below has. */
  readonly fill: number
  readonly dashed: boolean
  readonly bars: boolean
}
