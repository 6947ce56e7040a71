import type { RecordDefinitions } from '../records.ts'
import type { AlertRule, RuleContext } from '../rules/rule.ts'

/** A member of alerts/sets/: rules on one source of metrics. */
export interface RuleSet {
  /** On the command line, and before the names of its files. */
  readonly name: string
  /** What must be scraped for it, for the help and the docs. */
  readonly reads: string
  /** The usual name of the scrape job. */
  readonly job: string
  readonly alerts: (context: RuleContext) => readonly AlertRule[]
  readonly records: RecordDefinitions
}

/** The boards show the sidecar's metrics: whoever has none of it is led nowhere. */
export function withoutPanels(alerts: readonly AlertRule[]): readonly AlertRule[] {
  return alerts.map((alert) => ({ ...alert, panel: undefined }))
}
