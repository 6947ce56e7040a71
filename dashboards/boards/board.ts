import type { Policy } from '../../core/policy.ts'
import { alertsNow, latest, withGpuNames, type Query, type ScrapeLabel } from '../../core/promql.ts'
import type { Metric } from '../../core/metrics.ts'

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

export const panelKinds = ['stat', 'timeseries', 'state-timeline', 'heatmap', 'table'] as const

/** Grafana's names of the units in use: `percentunit` is 0 to 1, `percent` 0 to 100, `cps` a count a second. */
export const units = [
  'short',
  'percentunit',
  'percent',
  's',
  'reqps',
  'cps',
  'bytes',
  'watt',
  'joule',
  'celsius',
  'hertz',
] as const

/** One panel, apart from Grafana: what it asks and how to read it. */
export interface Panel {
  /** Stable and unique on its board: links and alerts point at it. Never reuse one. */
  readonly id: number
  readonly kind: (typeof panelKinds)[number]
  readonly title: string
  /** What it shows, in a sentence. The description adds which metrics that comes from. */
  readonly shows: string
  /** What to do when it looks bad. */
  readonly whenBad: string
  /** Alerts that watch the same; their runbooks say more about what to do. */
  readonly alerts?: readonly string[]
  /** The board that shows it in detail. */
  readonly opens?: BoardName
  readonly unit: (typeof units)[number]
  /** Of 24 columns. */
  readonly width: number
  /** `legend` takes labels as `{{gpu}}`; in a table it is the head of the column. */
  readonly queries: readonly {
    readonly query: Query
    readonly legend: string
    /** Of a table's column, where it is not the panel's. */
    readonly unit?: Panel['unit']
    /** In a table: its labels alone, because its value is always 1. */
    readonly labelsOnly?: boolean
  }[]
  /** Instead of nothing, NaN or a blank. */
  readonly whenEmpty: string
  readonly thresholds?: readonly ThresholdStep[]
  readonly maximum?: number
  readonly stacked?: boolean
  /** What the legend says of a line beside its maximum: the present, unless the mean is asked for. */
  readonly legendSays?: 'mean'
  readonly series?: readonly SeriesStyle[]
  /** Words for values. */
  readonly values?: readonly {
    readonly value: number
    readonly text: string
    readonly color: Color
  }[]
  /** Of a table: labels that become columns, from left to right, before the queries' values. */
  readonly columns?: readonly { readonly label: string; readonly shownAs: string }[]
}

export const boardNames = ['overview', 'latency', 'gpu', 'load-test'] as const
export type BoardName = (typeof boardNames)[number]

/** A member of dashboards/boards/. */
export interface BoardDefinition {
  /** File name, without ending, and the name on the command line. */
  readonly name: BoardName
  readonly title: string
  readonly description: string
  /** Whether a menu chooses among the runs of load generators. */
  readonly hasRuns?: boolean
  /** From top to bottom. */
  readonly sections: (policy: Policy) => readonly Section[]
}

/** At most 40 characters; never changes, never reused. */
export function uidOf(name: BoardName): string {
  return `rerankscope-${name}`
}

export interface Section {
  /** Undefined: at the top of a board, without a heading. */
  readonly heading?: {
    /** As a panel's: unique on the board. */
    readonly id: number
    readonly title: string
    /** Shut until somebody opens it: of interest in one setting alone. */
    readonly closed?: boolean
  }
  readonly rows: readonly Row[]
}

export interface Row {
  readonly height: number
  /** From left to right, equally high. */
  readonly panels: readonly Panel[]
}

/** The variables that narrow a board, as matchers. Every selector of a board uses `job` and `instance`. */
export const chosen = {
  namespace: { matches: '$namespace' },
  job: { matches: '$job' },
  instance: { matches: '$instance' },
} as const
/** Load generators push: they have a job of their own, and an instance a run. */
export const chosenRun = { instance: { matches: '$run' } } as const
export const chosenGpu = { ...chosen, gpu_uuid: { matches: '$gpu' } } as const

/** The alerts that rerankscope brings. They keep their job, and some know no instance. */
export const firingAlerts = latest(alertsNow, {
  alertname: { matches: 'Rerank(er|scope).+' },
  alertstate: 'firing',
  namespace: chosen.namespace,
  job: chosen.job,
})

export const noTraffic = 'no traffic'
export const notMeasured = 'not measured'
export const notTold = 'not told'

/** A line a GPU, under the number and name that people know it by. */
export function byGpu<L extends string>(query: Query<L | 'gpu_uuid' | ScrapeLabel>, prefix = '') {
  return {
    query: withGpuNames(query, chosen),
    legend: `${prefix}{{name}} {{gpu}} · {{instance}}`,
  }
}

/** As `byGpu`, of a gauge of GPUs as it stands. */
export function gaugeByGpu(metric: Metric, prefix = '') {
  return byGpu(latest(metric, chosenGpu), prefix)
}

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

/** Good while there is none, bad from the first on. */
export const anyIsBad = limitThresholds(1)

/** Small batches waste the device; large ones are fine as long as callers do not wait for them. */
export function batchThresholds({ batchPairs }: Policy): readonly ThresholdStep[] {
  return [
    { from: undefined, color: colors.waste },
    { from: batchPairs.minimum, color: colors.good },
    { from: batchPairs.maximum, color: colors.neutral },
  ]
}
