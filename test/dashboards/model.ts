/** The parts of Grafana's classic model that the tests look at. */
export interface Model {
  readonly annotations: { readonly list: readonly { readonly datasource: { uid: string } }[] }
  readonly templating: { readonly list: readonly { readonly name: string }[] }
  readonly panels: readonly Panel[]
}

export interface Panel {
  id: number
  readonly type: string
  readonly title: string
  description: string
  gridPos: { x: number; y: number; w: number; h: number }
  readonly targets: { refId: string; expr: string; readonly instant?: boolean }[]
  readonly fieldConfig: {
    readonly defaults: {
      unit: string
      readonly noValue: string
      readonly mappings: readonly unknown[]
      readonly thresholds: { steps: { value: number | null; color: string }[] }
    }
  }
}

export function modelOf(json: string): Model {
  return JSON.parse(json) as Model
}
