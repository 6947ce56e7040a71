import type { Metric } from '../../core/metrics.ts'
import type { Policy } from '../../core/policy.ts'
import type { Query } from '../../core/promql.ts'
import type { PanelLink } from '../panels.ts'
import type { InputSeries } from '../series.ts'

/**
 * Who must act, and when: `critical` now, `warning` today, `info` when capacity is planned. The words
 * that Alertmanager's routes and kube-prometheus' InfoInhibitor know.
 */
export const severities = ['critical', 'warning', 'info'] as const
export type Severity = (typeof severities)[number]

/**
 * `serving`: users feel it. `health`: the watching, and the hardware. `saturation`: something is full.
 * `capacity`: something could be better used. `load`: somebody tests.
 */
export const groups = ['serving', 'health', 'saturation', 'capacity', 'load'] as const
export type Group = (typeof groups)[number]

/** Of these an alert stays a while after its reason went away, so that it does not come and go. */
export const steadyGroups: readonly Group[] = ['saturation', 'capacity']

/** What a rule depends on. */
export interface RuleContext {
  readonly policy: Policy
  /** The `job` label that Prometheus gives to the sidecars. */
  readonly job: string
}

/** An alert that must fire, with the labels that the query leaves on it (severity is added). */
export interface ExpectedAlert {
  readonly labels: Readonly<Record<string, string>>
  /**
   * The description as a person will read it, values filled in. Left out where the value depends on
   * whether the window's first sample counts, as between Prometheus 2 and 3; then the labels are tested.
   */
  readonly description?: string
}

/** One promtool test: series, and what must fire when. An empty list means that nothing may fire. */
export interface RuleTest {
  readonly name: string
  readonly series: readonly InputSeries[]
  readonly expect: readonly {
    readonly atSeconds: number
    readonly alerts: readonly ExpectedAlert[]
  }[]
}

export interface AlertRule {
  /** CamelCase; `Reranker…` speaks of the served model and its GPUs, `Rerankscope…` of the watching. */
  readonly name: string
  readonly group: Group
  readonly severity: Severity
  /** What it reads of other jobs than the sidecars', and why. */
  readonly beyondJob?: { readonly metrics: readonly Metric[]; readonly why: string }
  /** Labels beside the severity, where the query leaves none that say to whom the alert belongs. */
  readonly labels?: Readonly<Record<string, string>>
  /** Holds its own window and sample floor: `for` would be reset by one failed scrape. */
  readonly query: Query
  /** One fixed sentence without labels or values. */
  readonly summary: string
  /** Names the object by its labels and the value; Prometheus' template syntax. */
  readonly description: string
  /** Where to see it, on boards that show the sidecar's metrics. */
  readonly panel?: PanelLink | undefined
  /** What to do, in a sentence or two. */
  readonly action: string
  /** The numbers of the policy that the rule stands on, for its runbook: what, and how much. */
  readonly numbers: readonly (readonly [string, string])[]
  readonly tests: readonly RuleTest[]
}

/** A member of alerts/rules/: the rule under a policy. */
export type RuleDefinition = (context: RuleContext) => AlertRule
