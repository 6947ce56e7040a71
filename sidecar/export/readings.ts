import { guidanceStates } from '../../core/guidance.ts'
import { metrics } from '../../core/metrics.ts'
import { thresholdNames, thresholdsOf, type Policy } from '../../core/policy.ts'
import { reading, readingIfKnown, stateReadings, type Reading } from '../../core/reading.ts'
import type { ProxyState, ServingView, Snapshot, SourceHealth } from '../../core/snapshot.ts'
import { gpuReadings } from './gpu-readings.ts'

/** Everything that the sidecar exports, whatever the exporter: one snapshot, in the catalogue's names. */
export function readingsOf(
  snapshot: Snapshot,
  { policy, version }: { readonly policy: Policy; readonly version: string },
): readonly Reading[] {
  const { target, guidance } = snapshot
  const thresholds = thresholdsOf(policy)
  return [
    reading(metrics.buildInfo, { version, program: 'sidecar' }, 1),
    ...snapshot.gpus.flatMap(gpuReadings),
    ...(snapshot.serving === undefined ? [] : servingReadings(snapshot.serving, target)),
    ...(snapshot.proxy === undefined ? [] : proxyReadings(snapshot.proxy)),
    ...snapshot.sources.flatMap(sourceReadings),
    ...stateReadings(
      metrics.guidanceState,
      (state) => ({ target, state }),
      guidanceStates,
      guidance.state,
    ),
    ...thresholdNames.map((name) =>
      reading(metrics.policyThreshold, { name }, thresholds[name].utilizationRatio),
    ),
  ]
}

function servingReadings(view: ServingView, target: string): readonly Reading[] {
  const { sample, queriesPerSecond, p95 } = view
  const known = readingIfKnown
  return [
    reading(
      metrics.modelInfo,
      {
        model: sample.model ?? '',
        dtype: sample.dtype ?? '',
        device: sample.device ?? '',
        server: sample.server,
      },
      1,
    ),
    ...known(metrics.currentQps, { target }, queriesPerSecond),
    ...known(metrics.p95Latency, { target }, p95?.seconds),
    ...known(metrics.quantileCoarse, { target }, p95 && (p95.coarse ? 1 : 0)),
    ...known(metrics.requests, {}, sample.requests),
    ...known(metrics.queries, {}, sample.queries),
    ...each(sample.errors, (kind, value) => reading(metrics.errors, { class: kind }, value)),
    ...known(metrics.pairs, {}, sample.pairs),
    ...each(sample.failedPairs, (kind, value) =>
      reading(metrics.failedPairs, { class: kind }, value),
    ),
    ...known(metrics.tokens, {}, sample.tokens),
    ...known(metrics.truncatedPairs, {}, sample.truncatedPairs),
    ...known(metrics.requestDuration, {}, sample.requestDuration),
    ...each(sample.shapes, (documents, value) =>
      reading(metrics.shapeDuration, { documents }, value),
    ),
    ...known(metrics.pairDuration, {}, sample.pairDuration),
    ...each(sample.stages, (stage, value) => reading(metrics.stageDuration, { stage }, value)),
    ...known(metrics.documentsPerQuery, {}, sample.documentsPerQuery),
    ...known(metrics.batchPairs, {}, sample.batchPairs),
    ...known(metrics.paddingRatio, {}, sample.paddingRatio),
    ...known(metrics.queuePairs, {}, sample.queuePairs),
    ...known(metrics.queueRequests, {}, sample.queueRequests),
    ...known(metrics.inFlightRequests, {}, sample.inFlightRequests),
    ...known(metrics.inFlightPairs, {}, sample.inFlightPairs),
    ...each(sample.cacheHits, (cache, value) => reading(metrics.cacheHits, { cache }, value)),
    ...each(sample.cacheMisses, (cache, value) => reading(metrics.cacheMisses, { cache }, value)),
  ]
}

function each<V>(
  values: Readonly<Record<string, V>> | undefined,
  readingOf: (key: string, value: V) => Reading,
): readonly Reading[] {
  return Object.entries(values ?? {}).map(([key, value]) => readingOf(key, value))
}

function proxyReadings({ connections, unread }: ProxyState): readonly Reading[] {
  return [
    reading(metrics.proxyConnections, {}, connections),
    ...each(unread, (what, value) => reading(metrics.proxyUnread, { what }, value)),
  ]
}

function sourceReadings(health: SourceHealth): readonly Reading[] {
  const one = { source: health.name }
  return [
    reading(metrics.sourceUp, one, health.up ? 1 : 0),
    // Of a source that is down it would be a frozen number.
    ...readingIfKnown(metrics.sourceDuration, one, health.up ? health.durationSeconds : undefined),
    ...readingIfKnown(metrics.sourceLastSuccess, one, health.lastSuccessSeconds),
    reading(metrics.sourceRestarts, one, health.restarts),
    ...readingIfKnown(metrics.sourceDroppedLines, one, health.droppedLines),
  ]
}
