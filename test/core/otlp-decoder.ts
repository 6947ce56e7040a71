import protobuf from 'protobufjs'

/** As much of OTLP's own definition as the tests read. */
const definition = `
syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { string string_value = 1; }
message ScopeMetrics { repeated Metric metrics = 2; }
message Metric { string name = 1; string unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; }
message Gauge { repeated Point data_points = 1; }
message Sum { repeated Point data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramPoint data_points = 1; int32 aggregation_temporality = 2; }
message Point { double as_double = 4; repeated KeyValue attributes = 7; }
message HistogramPoint { fixed64 count = 4; double sum = 5; repeated double explicit_bounds = 7; repeated KeyValue attributes = 9; }
`
const request = protobuf.parse(definition).root.lookupType('Request')

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue: string }
}
interface Points {
  readonly dataPoints: readonly {
    readonly asDouble?: number
    readonly sum?: number
    readonly count?: { toNumber(): number } | number
    readonly attributes?: readonly Attribute[]
  }[]
  readonly isMonotonic?: boolean
}
interface Decoded {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string
        readonly unit?: string
        readonly gauge?: Points
        readonly sum?: Points
        readonly histogram?: Points
      }[]
    }[]
  }[]
}

export interface Received {
  readonly resource: Readonly<Record<string, string>>
  readonly names: readonly string[]
  /** `name{attributes}` to kind and value; of a histogram its sum. */
  readonly points: Readonly<Record<string, readonly [kind: string, value: number]>>
  /** Of histograms, how many values they hold, by the same keys. */
  readonly counts: Readonly<Record<string, number>>
}

const recordOf = (attributes: readonly Attribute[] = []) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))

/** One export request, as a collector reads it. */
export function decodeOtlp(body: Uint8Array): Received {
  const decoded = request.toObject(request.decode(body)) as Decoded
  const metrics = decoded.resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics),
  )
  return {
    resource: recordOf(decoded.resourceMetrics[0]?.resource.attributes),
    names: metrics.map(({ name }) => name),
    points: Object.fromEntries(
      metrics.flatMap(({ name, gauge, sum, histogram }) => {
        const kind = gauge ? 'gauge' : histogram ? 'histogram' : sum?.isMonotonic ? 'sum' : 'updown'
        const { dataPoints } = gauge ?? sum ?? histogram ?? { dataPoints: [] }
        return dataPoints.map((point) => [
          `${name}${JSON.stringify(recordOf(point.attributes))}`,
          [kind, point.asDouble ?? point.sum ?? 0] as const,
        ])
      }),
    ),
    counts: Object.fromEntries(
      metrics.flatMap(({ name, histogram }) =>
        (histogram?.dataPoints ?? []).map(({ attributes, count = 0 }) => [
          `${name}${JSON.stringify(recordOf(attributes))}`,
          typeof count === 'number' ? count : count.toNumber(),
        ]),
      ),
    ),
  }
}
