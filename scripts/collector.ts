import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import protobuf from 'protobufjs'

/** As much of OTLP's own definition as counters, gauges and histograms need. */
const definition = `
syntax = "proto3";
message Request { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Resource { repeated KeyValue attributes = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message AnyValue { string string_value = 1; }
message ScopeMetrics { repeated Metric metrics = 2; }
message Metric { string name = 1; Data gauge = 5; Data sum = 7; Histogram histogram = 9; }
message Data { repeated Point data_points = 1; }
message Histogram { repeated HistogramPoint data_points = 1; }
message Point { double as_double = 4; sfixed64 as_int = 6; repeated KeyValue attributes = 7; }
message HistogramPoint {
  fixed64 count = 4; double sum = 5; repeated fixed64 bucket_counts = 6;
  repeated double explicit_bounds = 7; repeated KeyValue attributes = 9;
}
`
const request = protobuf.parse(definition).root.lookupType('Request')

type Attributes = readonly {
  readonly key: string
  readonly value: { readonly stringValue: string }
}[]
interface Point {
  readonly asDouble: number
  readonly asInt: number
  readonly attributes: Attributes
}
interface HistogramPoint {
  readonly count: number
  readonly sum: number
  readonly bucketCounts: readonly number[]
  readonly explicitBounds: readonly number[]
  readonly attributes: Attributes
}
interface Metric {
  readonly name: string
  readonly gauge?: { readonly dataPoints: readonly Point[] }
  readonly sum?: { readonly dataPoints: readonly Point[] }
  readonly histogram?: { readonly dataPoints: readonly HistogramPoint[] }
}
interface Decoded {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: Attributes }
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
}

/** After so long without a push, a run is over and its series end. */
const expirySeconds = 15

/**
 * Takes OTLP metrics over HTTP and gives them to Prometheus as it scrapes: what a collector does, as
 * far as a load generator's own metrics need it. For pictures and tests, on this machine alone.
 */
export async function startCollector(): Promise<{ readonly url: string; close(): void }> {
  const pages = new Map<string, { text: string; atMilliseconds: number }>()
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('end', () => {
      if (incoming.method === 'POST') {
        for (const [sender, text] of pagesOf(Buffer.concat(pieces))) {
          pages.set(sender, { text, atMilliseconds: Date.now() })
        }
        response.end()
        return
      }
      const fresh = [...pages.values()].filter(
        ({ atMilliseconds }) => Date.now() - atMilliseconds < expirySeconds * 1000,
      )
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(fresh.map(({ text }) => text).join(''))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A sender and what it says, as Prometheus' text format. Its name becomes `job`, its instance `instance`. */
function pagesOf(body: Uint8Array): readonly (readonly [sender: string, text: string])[] {
  const decoded = request.toObject(request.decode(body), {
    longs: Number,
    arrays: true,
    defaults: true,
  }) as Decoded
  return decoded.resourceMetrics.map(({ resource, scopeMetrics }) => {
    const about = labelsOf(resource.attributes)
    const sender = {
      job: about['service.name'] ?? 'load',
      instance: about['service.instance.id'] ?? 'run',
    }
    const lines = scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .flatMap((metric) => linesOf(metric, sender))
    return [sender.instance, lines.map((line) => `${line}\n`).join('')]
  })
}

function linesOf(metric: Metric, sender: Readonly<Record<string, string>>): readonly string[] {
  const { name, gauge, sum, histogram } = metric
  const line = (suffix: string, labels: Readonly<Record<string, string>>, value: number) =>
    `${name}${suffix}{${Object.entries({ ...labels, ...sender })
      .map(([label, text]) => `${label}=${JSON.stringify(text)}`)
      .join(',')}} ${String(value)}`
  const simple = (gauge ?? sum)?.dataPoints ?? []
  return [
    ...simple.map((point) => line('', labelsOf(point.attributes), point.asDouble || point.asInt)),
    ...(histogram?.dataPoints ?? []).flatMap((point) => {
      const labels = labelsOf(point.attributes)
      let below = 0
      const buckets = point.explicitBounds.map((bound, at) => {
        below += point.bucketCounts[at] ?? 0
        return line('_bucket', { ...labels, le: String(bound) }, below)
      })
      return [
        ...buckets,
        line('_bucket', { ...labels, le: '+Inf' }, point.count),
        line('_sum', labels, point.sum),
        line('_count', labels, point.count),
      ]
    }),
  ]
}

const labelsOf = (attributes: Attributes): Readonly<Record<string, string>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]))
