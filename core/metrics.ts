import { geometricBounds } from './histogram.ts'

/**
 * The catalogue: every metric that rerankscope emits, once. Nothing else creates a metric, so names,
 * units, buckets and help cannot differ between server, sidecar, boards, alerts and docs.
 * Names and meanings are fixed by the contract; base units stand in the name.
 */
/** `upDownCounter` is OpenTelemetry's, for a sum that falls too; Prometheus shows it as a gauge. */
export type MetricKind = 'gauge' | 'counter' | 'upDownCounter' | 'histogram'

export interface Metric<Label extends string = string> {
  readonly name: string
  readonly kind: MetricKind
  /** Unit as OpenTelemetry (UCUM) writes it: `s`, `By`, `1`, `{pair}`. */
  readonly unit: string
  readonly labels: readonly Label[]
  readonly help: string
  /** Upper bounds, for histograms alone. */
  readonly bounds?: readonly number[]
}

function gauge<const L extends string>(
  name: string,
  unit: string,
  labels: readonly L[],
  help: string,
): Metric<L> {
  return { name, kind: 'gauge', unit, labels, help }
}

function counter<const L extends string>(
  name: string,
  unit: string,
  labels: readonly L[],
  help: string,
): Metric<L> {
  return { name, kind: 'counter', unit, labels, help }
}

function histogram<const L extends string>(
  name: string,
  unit: string,
  labels: readonly L[],
  bounds: readonly number[],
  help: string,
): Metric<L> {
  return { name, kind: 'histogram', unit, labels, help, bounds }
}

/** 46 bounds, 1 ms to 30 s, each at most 30 % above the last: a quantile read from them is never coarse. */
export const durationBounds = geometricBounds(0.001, 30, 10)
/** Stages are shorter than requests and need less detail. */
const stageBounds = geometricBounds(0.0001, 30, 5)

/** The four names of the source article, kept exactly; they break Prometheus' naming rules knowingly. */
const article = {
  gpuUtilization: gauge(
    'nvidia_smi_gpu_utilization',
    '%',
    ['gpu', 'gpu_uuid'],
    'Share of time in which at least one kernel ran, in percent (0 to 100), as nvidia-smi reports it.',
  ),
  gpuMemoryUsed: gauge(
    'nvidia_smi_memory_used',
    'By',
    ['gpu', 'gpu_uuid'],
    'GPU memory in use, in bytes.',
  ),
  p95Latency: gauge(
    'reranker_p95_latency',
    's',
    ['target'],
    '95th percentile of the request duration over the last minute, in seconds. Never average it.',
  ),
  currentQps: gauge(
    'qps_current',
    '{query}/s',
    ['target'],
    'Queries a second over the last 15 seconds.',
  ),
} as const

const gpu = {
  gpuInfo: gauge(
    'rerankscope_gpu_info',
    '1',
    ['gpu', 'gpu_uuid', 'name', 'driver_version', 'kind', 'attribution'],
    'Always 1; says which GPU a gpu_uuid is. kind is nvidia, emulated (not a GPU) or replay; attribution says how it was matched to the target: explicit, environment, process, node (not at all: every GPU counts) or none (of another server).',
  ),
  gpuUp: gauge(
    'rerankscope_gpu_up',
    '1',
    ['gpu_uuid'],
    'Whether the GPU answers: 1 yes, 0 lost or failed. A GPU once seen stays in this metric.',
  ),
  gpuState: gauge(
    'rerankscope_gpu_state',
    '1',
    ['gpu_uuid', 'state'],
    'The verdict on the GPU: 1 on the state that holds, 0 on the others.',
  ),
  gpuUtilizationRatio: gauge(
    'rerankscope_gpu_utilization_ratio',
    '1',
    ['gpu_uuid'],
    'Share of time in which at least one kernel ran, 0 to 1, the latest sample. For windows use rate(rerankscope_gpu_busy_seconds_total).',
  ),
  gpuUtilizationMeasurable: gauge(
    'rerankscope_gpu_utilization_measurable',
    '1',
    ['gpu_uuid'],
    'Whether the driver reports utilisation for the GPU: 0 under MIG and on some virtual GPUs.',
  ),
  gpuMemoryUsedBytes: gauge(
    'rerankscope_gpu_memory_used_bytes',
    'By',
    ['gpu_uuid'],
    'GPU memory in use.',
  ),
  gpuMemoryTotalBytes: gauge(
    'rerankscope_gpu_memory_total_bytes',
    'By',
    ['gpu_uuid'],
    'GPU memory installed.',
  ),
  gpuPowerWatts: gauge(
    'rerankscope_gpu_power_watts',
    'W',
    ['gpu_uuid'],
    'Power drawn by the board.',
  ),
  gpuPowerLimitWatts: gauge(
    'rerankscope_gpu_power_limit_watts',
    'W',
    ['gpu_uuid'],
    'Power limit in force.',
  ),
  gpuTemperatureCelsius: gauge(
    'rerankscope_gpu_temperature_celsius',
    'Cel',
    ['gpu_uuid'],
    'Core temperature.',
  ),
  gpuSmClockHertz: gauge(
    'rerankscope_gpu_sm_clock_hertz',
    'Hz',
    ['gpu_uuid'],
    'Clock of the streaming multiprocessors.',
  ),
  gpuThrottled: gauge(
    'rerankscope_gpu_throttled',
    '1',
    ['gpu_uuid'],
    'Whether heat or power holds the clocks down: 1 yes, 0 no. Idle clocks do not count.',
  ),
  gpuThrottleReason: gauge(
    'rerankscope_gpu_throttle_reason',
    '1',
    ['gpu_uuid', 'reason'],
    'Why the clocks are held down: 1 on each reason that holds, 0 on the others that the driver tells.',
  ),
  gpuInventoryInfo: gauge(
    'rerankscope_gpu_inventory_info',
    '1',
    ['gpu_uuid', 'pci_bus_id', 'architecture', 'cuda_version', 'virtualization', 'mig', 'memory'],
    'Always 1; what the slow pass says of the GPU. mig is enabled or disabled, memory is dedicated or unified; empty is unknown.',
  ),
  gpuMemoryReservedBytes: gauge(
    'rerankscope_gpu_memory_reserved_bytes',
    'By',
    ['gpu_uuid'],
    'GPU memory that the driver keeps for itself, counted neither as used nor as free.',
  ),
  gpuPowerLimitMaximumWatts: gauge(
    'rerankscope_gpu_power_limit_maximum_watts',
    'W',
    ['gpu_uuid'],
    'The highest power limit that can be set.',
  ),
  gpuEccErrors: counter(
    'rerankscope_gpu_ecc_errors_total',
    '{error}',
    ['gpu_uuid', 'type'],
    'Memory errors since the driver was loaded; type is corrected or uncorrected.',
  ),
  gpuRecoveryAction: gauge(
    'rerankscope_gpu_recovery_action',
    '1',
    ['gpu_uuid', 'action'],
    'What the driver asks for, so that the GPU works again: 1 on the action that holds, 0 on the others.',
  ),
  gpuProcesses: gauge(
    'rerankscope_gpu_processes',
    '{process}',
    ['gpu_uuid'],
    'Processes on the GPU, where any is seen: a container sees those of its own process namespace alone.',
  ),
  gpuMigMemoryUsedBytes: gauge(
    'rerankscope_gpu_mig_memory_used_bytes',
    'By',
    ['gpu_uuid', 'gpu_instance', 'compute_instance'],
    'Memory in use of a MIG device. Its utilisation is not measurable.',
  ),
  gpuMigMemoryTotalBytes: gauge(
    'rerankscope_gpu_mig_memory_total_bytes',
    'By',
    ['gpu_uuid', 'gpu_instance', 'compute_instance'],
    'Memory of a MIG device.',
  ),
  gpuBusySeconds: counter(
    'rerankscope_gpu_busy_seconds_total',
    's',
    ['gpu_uuid'],
    'Utilisation integrated over observed time. rate(busy) / rate(observed) is the exact mean utilisation of any window.',
  ),
  gpuObservedSeconds: counter(
    'rerankscope_gpu_observed_seconds_total',
    's',
    ['gpu_uuid'],
    'Time for which the utilisation of the GPU is known.',
  ),
  gpuEnergyJoules: counter(
    'rerankscope_gpu_energy_joules_total',
    'J',
    ['gpu_uuid'],
    'Power integrated over observed time by the sidecar, not the counter of the board.',
  ),
  gpuBandSeconds: counter(
    'rerankscope_gpu_utilization_band_seconds_total',
    's',
    ['gpu_uuid', 'band'],
    'Observed time spent in each utilisation band of the policy. Unobserved time is in none.',
  ),
} as const

const serving = {
  modelInfo: gauge(
    'reranker_model_info',
    '1',
    ['model', 'dtype', 'device', 'server'],
    'Always 1; says which model is served, in which number format, on which device, by which server.',
  ),
  requests: counter(
    'reranker_requests_total',
    '{request}',
    [],
    'Rerank requests answered, with whatever outcome.',
  ),
  queries: counter(
    'reranker_queries_total',
    '{query}',
    [],
    'Queries asked, where requests with several can be told apart; one that could not be read counts one.',
  ),
  errors: counter(
    'reranker_errors_total',
    '{request}',
    ['class'],
    'Rerank requests that were not answered with scores, by class.',
  ),
  pairs: counter('reranker_pairs_total', '{pair}', [], 'Query-document pairs scored.'),
  failedPairs: counter(
    'reranker_failed_pairs_total',
    '{pair}',
    ['class'],
    'Pairs refused or failed, by class, of servers that count failures by the pair and not by the request.',
  ),
  tokens: counter('reranker_tokens_total', '{token}', [], 'Tokens scored, padding not counted.'),
  truncatedPairs: counter(
    'reranker_truncated_pairs_total',
    '{pair}',
    [],
    'Pairs that were cut to the maximum length.',
  ),
  requestDuration: histogram(
    'reranker_request_duration_seconds',
    's',
    [],
    durationBounds,
    'From the arrival of a rerank request to its answer, successful requests.',
  ),
  shapeDuration: histogram(
    'reranker_shape_duration_seconds',
    's',
    ['documents'],
    stageBounds,
    'As reranker_request_duration_seconds, by the range that the number of documents falls into.',
  ),
  pairDuration: histogram(
    'reranker_pair_duration_seconds',
    's',
    [],
    durationBounds,
    'From the arrival of one pair to its score, of servers that measure pairs. A request takes as long as its slowest pair.',
  ),
  stageDuration: histogram(
    'reranker_stage_duration_seconds',
    's',
    ['stage'],
    stageBounds,
    'Time spent in each stage: tokenise and queue a request, infer a batch.',
  ),
  documentsPerQuery: histogram(
    'reranker_documents_per_query',
    '{document}',
    [],
    [1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 500, 1000],
    'Documents in a query.',
  ),
  batchPairs: histogram(
    'reranker_batch_pairs',
    '{pair}',
    [],
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    'Pairs in a batch given to the device. Empty batches are not recorded.',
  ),
  paddingRatio: histogram(
    'reranker_padding_ratio',
    '1',
    [],
    [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
    'Share of a batch that is padding: computed and thrown away.',
  ),
  queuePairs: gauge(
    'reranker_queue_pairs',
    '{pair}',
    [],
    'Pairs that were accepted and wait for the device.',
  ),
  queueRequests: gauge(
    'reranker_queue_requests',
    '{request}',
    [],
    'Requests that wait for the device, of servers that count them by the request.',
  ),
  inFlightRequests: gauge(
    'reranker_in_flight_requests',
    '{request}',
    [],
    'Rerank requests accepted and not yet answered.',
  ),
  inFlightPairs: gauge(
    'reranker_in_flight_pairs',
    '{pair}',
    [],
    'Pairs being computed, of servers that count their work by the pair.',
  ),
  cacheHits: counter(
    'reranker_cache_hits_total',
    '{lookup}',
    ['cache'],
    'Look-ups that a cache answered.',
  ),
  cacheMisses: counter(
    'reranker_cache_misses_total',
    '{lookup}',
    ['cache'],
    'Look-ups that a cache could not answer.',
  ),
  droppedPairs: counter(
    'reranker_dropped_pairs_total',
    '{pair}',
    ['reason'],
    'Pairs that waited and were never computed: the deadline passed, the caller hung up, or what computed the rest failed.',
  ),
  quantileCoarse: gauge(
    'reranker_quantile_coarse',
    '1',
    ['target'],
    'Whether reranker_p95_latency is a guess: 1 when it falls into a bucket wider than 25 % either side, or is that of single pairs.',
  ),
} as const

/** Of the sidecar's proxy. */
const proxy = {
  proxyConnections: gauge(
    'rerankscope_proxy_connections',
    '{connection}',
    [],
    'Connections of clients that the proxy holds.',
  ),
  proxyUnread: counter(
    'rerankscope_proxy_unread_total',
    '{event}',
    ['what'],
    'What passed without being counted in full: requests whose body was too large or in no known format, connections in another protocol, connections refused, recorded requests lost.',
  ),
} as const

/** Of the load generator, about a run while it lasts. */
const load = {
  loadInfo: gauge(
    'rerankscope_load_info',
    '1',
    ['profile', 'engine', 'dialect', 'target'],
    'Always 1; says which load is offered to which target.',
  ),
  loadOfferedQueries: counter(
    'rerankscope_load_offered_queries_total',
    '{query}',
    [],
    'Queries due so far by the plan; its rate is the offered rate, whatever the target does.',
  ),
  loadRequests: counter(
    'rerankscope_load_requests_total',
    '{request}',
    ['outcome'],
    'Requests that ended, by outcome: ok, rejected_429, timeout and so on.',
  ),
  loadPairs: counter('rerankscope_load_pairs_total', '{pair}', [], 'Pairs of succeeded requests.'),
  loadInFlightRequests: gauge(
    'rerankscope_load_in_flight_requests',
    '{request}',
    [],
    'Requests sent and not yet ended.',
  ),
  loadResponseDuration: histogram(
    'rerankscope_load_response_duration_seconds',
    's',
    [],
    durationBounds,
    'From the instant at which a request was due to its answer: succeeded requests, and timeouts with the time waited.',
  ),
  loadDispatchLag: histogram(
    'rerankscope_load_dispatch_lag_seconds',
    's',
    [],
    geometricBounds(0.00001, 1, 5),
    'By how much requests were sent later than they were due. Under 10 ms the generator keeps its schedule.',
  ),
} as const

const own = {
  buildInfo: gauge(
    'rerankscope_build_info',
    '1',
    ['version', 'program'],
    'Always 1; the version of rerankscope and which of its programs this is.',
  ),
  inferenceBusySeconds: counter(
    'rerankscope_inference_busy_seconds_total',
    's',
    [],
    'Time in which the inference process was computing, the batch in progress included.',
  ),
  inferenceResidentBytes: gauge(
    'rerankscope_inference_resident_memory_bytes',
    'By',
    [],
    'Resident memory of the inference process.',
  ),
  inferenceRestarts: counter(
    'rerankscope_inference_restarts_total',
    '{restart}',
    [],
    'Times the inference process died and was started again.',
  ),
  inferenceMemorySplits: counter(
    'rerankscope_inference_memory_splits_total',
    '{split}',
    [],
    'Times a batch did not fit into the memory of the device and was computed in halves.',
  ),
  sourceUp: gauge(
    'rerankscope_source_up',
    '1',
    ['source'],
    'Whether the source gave fresh values within three of its intervals: 1 yes, 0 no.',
  ),
  sourceDuration: gauge(
    'rerankscope_source_duration_seconds',
    's',
    ['source'],
    'How long the latest reading took.',
  ),
  sourceLastSuccess: gauge(
    'rerankscope_source_last_success_timestamp_seconds',
    's',
    ['source'],
    'Unix time of the latest good reading.',
  ),
  sourceRestarts: counter(
    'rerankscope_source_restarts_total',
    '{restart}',
    ['source'],
    'Times the source had to be started again.',
  ),
  sourceDroppedLines: counter(
    'rerankscope_source_dropped_lines_total',
    '{line}',
    ['source'],
    'Lines of the source that could not be read and were left out.',
  ),
  guidanceState: gauge(
    'rerankscope_guidance_state',
    '1',
    ['target', 'state'],
    'What the utilisation says to do: 1 on the state that holds, 0 on the others.',
  ),
  policyThreshold: gauge(
    'rerankscope_policy_threshold_ratio',
    '1',
    ['name'],
    'The utilisation lines of the policy in force.',
  ),
} as const

export const metrics = { ...article, ...gpu, ...serving, ...proxy, ...load, ...own } as const

/** Prometheus' own linter objects to these names; the contract keeps them all the same. */
export const articleMetricNames: readonly string[] = Object.values(article).map(({ name }) => name)

export const catalogue: readonly Metric[] = Object.values(metrics)
