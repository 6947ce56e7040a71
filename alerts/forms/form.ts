import type { RenderContext } from '../render.ts'
import type { Rules } from '../rule-sets.ts'

export interface FormContext extends RenderContext {
  /** Of the Prometheus data source in Grafana; its alerting takes no variable for it. */
  readonly datasourceUid: string
  /** For the labels of Kubernetes objects, by which an operator finds them. */
  readonly objectLabels: Readonly<Record<string, string>>
}

/** A member of alerts/forms/: the rules as one program reads them. */
export interface AlertForm {
  /** On the command line. */
  readonly name: string
  /** What it writes, for the help and the docs. */
  readonly writes: string
  /** The files by name. */
  readonly render: (rules: Rules, context: FormContext) => ReadonlyMap<string, string>
}
