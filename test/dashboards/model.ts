/** The parts of Grafana's classic model that the tests look at. */
export interface Model {
  readonly annotations: { readonly list: { datasource: { uid: string }; expr?: string }[] }
  readonly templating: { readonly list: Record<string, unknown>[] }
  readonly __requires: readonly { readonly type: string; readonly id: string }[]
  /** Rows among them. */
  readonly panels: readonly (Panel & { readonly panels?: readonly Panel[] })[]
}

/** Every panel, those of closed rows as well, but no row. */
export function panelsOf({ panels }: Model): readonly Panel[] {
  return panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel as Panel]))
}

export interface Panel {
  id: number
  type: string
  title: string
  description: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets: { refId: string; expr: string; legendFormat: string; readonly instant?: boolean }[]
  readonly fieldConfig: {
    readonly defaults: {
      unit: string
      noValue: string
      readonly mappings: readonly unknown[]
      readonly thresholds: { steps: { value: number | null; color: string }[] }
    }
  }
}

export function modelOf(json: string): Model {
  return JSON.parse(json) as Model
}
