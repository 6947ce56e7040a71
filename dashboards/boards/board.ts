import type { Policy } from '../../core/policy.ts'
import type { Query } from '../../core/promql.ts'

/** A colour means the same on every board. */
export const colors = {
  good: 'green',
  bad: 'red',
  waste: 'yellow',
  spare: 'blue',
  blind: 'purple',
  neutral: 'text',
} as const
export type Color = (typeof colors)[keyof typeof colors]

/** From `from` upwards the colour holds; the first step starts at minus infinity. */
export interface ThresholdStep {
  readonly from: number | undefined
  readonly color: Color
}

/** A series with this name is called and coloured so. */
export interface SeriesStyle {
  readonly name: string
  readonly shownAs: string
  readonly color: Color
}

/** One panel, apart from Grafana: what it asks and how to read it. */
export interface Panel {
  /** Stable and unique on its board: links and alerts point at it. Never reuse one. */
  readonly id: number
  readonly kind: 'stat' | 'timeseries' | 'state-timeline'
  readonly title: string
  /** What it shows, in a sentence. The description adds which metrics that comes from. */
  readonly shows: string
  /** What to do when it looks bad. */
  readonly whenBad: string
  /** Grafana's name of the unit: `percentunit` (0 to 1), `s`, `bytes`, `reqps`. */
  readonly unit: string
  /** Of 24 columns. */
  readonly width: number
  /** `legend` takes labels as `{{gpu}}`. */
  readonly queries: readonly { readonly query: Query; readonly legend: string }[]
  /** Instead of nothing, NaN or a blank. */
  readonly whenEmpty: string
  readonly thresholds?: readonly ThresholdStep[]
  readonly maximum?: number
  readonly stacked?: boolean
  readonly series?: readonly SeriesStyle[]
  /** Words for values. */
  readonly values?: readonly {
    readonly value: number
    readonly text: string
    readonly color: Color
  }[]
}

/** A member of dashboards/boards/. */
export interface BoardDefinition {
  /** File name, without ending, and the name on the command line. */
  readonly name: string
  /** At most 40 characters; never changes, never reused. */
  readonly uid: string
  readonly title: string
  readonly description: string
  /** From top to bottom; the panels of a row are equally high. */
  readonly rows: (policy: Policy) => readonly Row[]
}

export interface Row {
  readonly height: number
  readonly panels: readonly Panel[]
}

/** The variables that narrow a board, as matchers. Every selector of a board uses `job` and `instance`. */
export const chosen = { job: { matches: '$job' }, instance: { matches: '$instance' } } as const
export const chosenGpu = { ...chosen, gpu_uuid: { matches: '$gpu' } } as const

/** The four bands of the policy as colours. */
export function utilizationThresholds(policy: Policy): readonly ThresholdStep[] {
  return [
    { from: undefined, color: colors.spare },
    { from: policy.scaleIn.utilizationRatio, color: colors.waste },
    { from: policy.waste.utilizationRatio, color: colors.good },
    { from: policy.scaleOut.utilizationRatio, color: colors.bad },
  ]
}

/** Good up to a limit, bad from it on. */
export function limitThresholds(limit: number): readonly ThresholdStep[] {
  return [
    { from: undefined, color: colors.good },
    { from: limit, color: colors.bad },
  ]
}
