import { metrics } from '../../../core/metrics.ts'
import { aggregate, compare, growth, latest } from '../../../core/promql.ts'
import { anyIsBad, byGpu, chosenGpu, colors, gaugeByGpu, notTold, type Panel } from '../board.ts'

/** Whether the GPUs work, and which they are. */

export const answers: Panel = {
  id: 20,
  kind: 'state-timeline',
  title: 'Answers',
  shows: 'Whether each GPU that was once seen still answers.',
  whenBad: 'No: its figures are missing, not zero. "State" beside this says what is wrong with it.',
  alerts: ['RerankscopeGpuDown', 'RerankscopeGpuMetricsMissing'],
  unit: 'short',
  width: 8,
  queries: [gaugeByGpu(metrics.gpuUp)],
  whenEmpty: 'no GPU',
  values: [
    { value: 1, text: 'yes', color: colors.good },
    { value: 0, text: 'no', color: colors.bad },
  ],
}

export const state: Panel = {
  id: 21,
  kind: 'state-timeline',
  title: 'State',
  shows: 'The verdict on each GPU, while it holds.',
  whenBad:
    '`lost` or `requires_reset`: drain the node. `no_permission`: the container may not ask. `vanished`: the driver does not list it any more.',
  unit: 'short',
  width: 8,
  queries: [byGpu(compare(latest(metrics.gpuState, chosenGpu), '==', 1), '{{state}} · ')],
  whenEmpty: 'no GPU',
  values: [{ value: 1, text: 'holds', color: colors.neutral }],
}

export const ecc: Panel = {
  id: 22,
  kind: 'timeseries',
  title: 'Memory errors',
  shows: 'Memory errors that were corrected or could not be, within each step of the chart.',
  whenBad:
    'Uncorrected: drain the node and reset the GPU. Corrected ones that grow: have it checked.',
  alerts: ['RerankerGpuMemoryErrors'],
  unit: 'short',
  width: 8,
  queries: [
    byGpu(growth('increase', metrics.gpuEccErrors, '$__rate_interval', chosenGpu), '{{type}} · '),
  ],
  whenEmpty: notTold,
  thresholds: anyIsBad,
}

/** What the two have in common, and no more: the name of the metric would keep their rows apart. */
const one = ['instance', 'gpu_uuid'] as const

export const inventory: Panel = {
  id: 23,
  kind: 'table',
  title: 'Which GPUs',
  shows:
    'Every GPU that the chosen sidecars see: what it is, and how it was matched to the reranker.',
  whenBad:
    'Matched by `node`: not at all, so every GPU of the machine counts. Name those of the reranker with --gpu-devices.',
  unit: 'short',
  width: 12,
  queries: [
    {
      query: aggregate(
        'max',
        [...one, 'gpu', 'name', 'kind', 'attribution', 'driver_version'],
        latest(metrics.gpuInfo, chosenGpu),
      ),
      legend: 'GPU',
      labelsOnly: true,
    },
    {
      query: aggregate(
        'max',
        [...one, 'architecture', 'memory', 'mig', 'cuda_version'],
        latest(metrics.gpuInventoryInfo, chosenGpu),
      ),
      legend: 'inventory',
      labelsOnly: true,
    },
  ],
  columns: [
    { label: 'instance', shownAs: 'sidecar' },
    { label: 'gpu', shownAs: 'GPU' },
    { label: 'name', shownAs: 'name' },
    { label: 'kind', shownAs: 'kind' },
    { label: 'attribution', shownAs: 'matched by' },
    { label: 'architecture', shownAs: 'architecture' },
    { label: 'memory', shownAs: 'memory' },
    { label: 'mig', shownAs: 'MIG' },
    { label: 'driver_version', shownAs: 'driver' },
    { label: 'cuda_version', shownAs: 'CUDA' },
    { label: 'gpu_uuid', shownAs: 'uuid' },
  ],
  whenEmpty: notTold,
}

export const processes: Panel = {
  id: 24,
  kind: 'timeseries',
  title: 'Processes',
  shows: 'Processes on each GPU, where any is seen: a container sees its own alone.',
  whenBad: 'More than your servers: a neighbour shares the GPU, and its work counts as yours.',
  unit: 'short',
  width: 6,
  queries: [gaugeByGpu(metrics.gpuProcesses)],
  whenEmpty: notTold,
}

export const recovery: Panel = {
  id: 25,
  kind: 'state-timeline',
  title: 'What the driver asks for',
  shows: 'The action that the driver asks for on each GPU, while it asks; `none` when all is well.',
  whenBad:
    '`reset`, `reboot` or `drain…`: do that, after the replica has been taken out of service.',
  unit: 'short',
  width: 6,
  queries: [byGpu(compare(latest(metrics.gpuRecoveryAction, chosenGpu), '==', 1), '{{action}} · ')],
  whenEmpty: notTold,
  values: [{ value: 1, text: 'asked for', color: colors.neutral }],
}
