import { metrics } from '../../../core/metrics.ts'
import { thresholdNames, type Policy } from '../../../core/policy.ts'
import { aggregate, arithmetic, compare, growth, latest } from '../../../core/promql.ts'
import { pairsPerSecond, utilization } from '../../../core/queries.ts'
import { formatLine } from '../../../core/units.ts'
import {
  chosen,
  chosenGpu,
  colors,
  notMeasured,
  noTraffic,
  utilizationThresholds,
  type Panel,
} from '../board.ts'

/** How much more the GPUs could do, and with how many replicas. */

const window = '$__rate_interval'
const pairs = pairsPerSecond(window, chosen)
const busy = utilization([], window, chosenGpu)

export const sustainable = (policy: Policy): Panel => ({
  id: 6,
  kind: 'timeseries',
  title: 'Pairs, and what the GPUs could do',
  shows: `Pairs scored a second, and how many they would be at ${formatLine(policy.scaleOut.utilizationRatio)} utilisation if the work stayed as it is.`,
  whenBad:
    'The lines meet: add a replica. An estimate: larger batches do more in the same busy time. `rerankscope capacity` measures it.',
  unit: 'cps',
  width: 9,
  queries: [
    { query: pairs, legend: 'pairs/s' },
    {
      query: arithmetic(
        arithmetic(pairs, '/', compare(busy, '>', 0)),
        '*',
        policy.scaleOut.utilizationRatio,
      ),
      legend: `at ${formatLine(policy.scaleOut.utilizationRatio)}`,
    },
  ],
  whenEmpty: noTraffic,
})

const count = aggregate(
  'count',
  [],
  aggregate('count', ['job', 'instance'], latest(metrics.gpuUp, chosenGpu)),
)
const withReplicas = (change: 1 | -1) =>
  arithmetic(
    arithmetic(busy, '*', count),
    '/',
    compare(arithmetic(count, change === 1 ? '+' : '-', 1), '>', 0),
  )

export const projected = (policy: Policy): Panel => ({
  id: 7,
  kind: 'timeseries',
  title: 'With one replica more or less',
  shows:
    'The mean utilisation now, and what it would be if the same load met one replica more or one less.',
  whenBad:
    '"One less" in the red: do not scale in, whatever the present says. It reckons with even load; of a single replica there is no "one less".',
  alerts: ['RerankerGpuUtilizationLow'],
  unit: 'percentunit',
  width: 9,
  queries: [
    { query: busy, legend: 'now' },
    { query: withReplicas(1), legend: 'one more' },
    { query: withReplicas(-1), legend: 'one less' },
  ],
  whenEmpty: notMeasured,
  thresholds: utilizationThresholds(policy),
})

export const replicas: Panel = {
  id: 8,
  kind: 'timeseries',
  title: 'Replicas',
  shows: 'Sidecars that watch a GPU: one stands beside each replica.',
  whenBad:
    'Fewer than the deployment has: a sidecar is down, or a replica started without one. Its GPU is missing from every mean.',
  alerts: ['RerankerScaleOutBlocked', 'RerankscopeTargetDown'],
  unit: 'short',
  width: 6,
  queries: [{ query: count, legend: 'replicas' }],
  whenEmpty: 'no sidecar',
}

export const energy: Panel = {
  id: 9,
  kind: 'timeseries',
  title: 'Energy of a pair',
  shows:
    'Joules that the chosen GPUs drew for each pair scored, the time between requests included.',
  whenBad: 'Rising while pairs fall: idle GPUs draw power too. Fewer replicas, or larger batches.',
  unit: 'joule',
  width: 16,
  queries: [
    {
      query: arithmetic(
        aggregate('sum', [], growth('rate', metrics.gpuEnergyJoules, window, chosenGpu)),
        '/',
        pairs,
      ),
      legend: 'J a pair',
    },
  ],
  whenEmpty: notMeasured,
}

const lineColors = [colors.spare, colors.waste, colors.good, colors.bad]

export const linesInForce: Panel = {
  id: 10,
  kind: 'stat',
  title: 'Lines in force',
  shows:
    'The utilisation lines of the policy that the sidecars judge by; the highest where they differ.',
  whenBad:
    'Not those of the colours on this board: the sidecars run with another policy. Build the boards from a checkout with `npm run generate -- --policy FILE`.',
  unit: 'percentunit',
  width: 8,
  queries: [
    {
      query: aggregate('max', ['name'], latest(metrics.policyThreshold, chosen)),
      legend: '{{name}}',
    },
  ],
  whenEmpty: 'no sidecar',
  series: thresholdNames.map((name, at) => ({
    name,
    shownAs: name.replace('_', ' '),
    color: lineColors[at] ?? colors.neutral,
  })),
}
