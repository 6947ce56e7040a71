import { metrics } from '../../../core/metrics.ts'
import { compare, latest } from '../../../core/promql.ts'
import { byGpu, chosenGpu, colors, gaugeByGpu, notMeasured, notTold, type Panel } from '../board.ts'

/** What the board draws, how hot it is, and whether that holds its clocks down. */

export const power: Panel = {
  id: 14,
  kind: 'timeseries',
  title: 'Power',
  shows: 'Power drawn by each GPU, and the limit in force.',
  whenBad:
    'High utilisation at little power: kernels run, but the GPU is not full. Larger batches use what is there.',
  unit: 'watt',
  width: 8,
  queries: [gaugeByGpu(metrics.gpuPowerWatts), gaugeByGpu(metrics.gpuPowerLimitWatts, 'limit · ')],
  whenEmpty: notMeasured,
}

export const temperature: Panel = {
  id: 15,
  kind: 'timeseries',
  title: 'Temperature',
  shows: 'Core temperature of each GPU.',
  whenBad: 'Rising until the clocks fall: see "Throttled". Check the airflow before you add load.',
  unit: 'celsius',
  width: 8,
  queries: [gaugeByGpu(metrics.gpuTemperatureCelsius)],
  whenEmpty: notMeasured,
}

export const clock: Panel = {
  id: 16,
  kind: 'timeseries',
  title: 'Clock',
  shows: 'Clock of the streaming multiprocessors of each GPU.',
  whenBad:
    'Falls under load: heat or power holds it down. Falls without load: that is how a GPU rests.',
  unit: 'hertz',
  width: 8,
  queries: [gaugeByGpu(metrics.gpuSmClockHertz)],
  whenEmpty: notMeasured,
}

export const throttled: Panel = {
  id: 17,
  kind: 'state-timeline',
  title: 'Throttled',
  shows: 'Whether heat or power holds the clocks of each GPU down. Idle clocks do not count.',
  whenBad:
    'Long spells: the GPU does less than it is busy. "Why throttled" beside this says what holds it.',
  alerts: ['RerankerGpuThrottled'],
  unit: 'short',
  width: 8,
  queries: [gaugeByGpu(metrics.gpuThrottled)],
  whenEmpty: notTold,
  values: [
    { value: 0, text: 'free', color: colors.good },
    { value: 1, text: 'held down', color: colors.bad },
  ],
}

export const throttleReasons: Panel = {
  id: 18,
  kind: 'state-timeline',
  title: 'Why throttled',
  shows: 'The reasons that hold the clocks down, while they hold.',
  whenBad:
    'Power cap: raise the limit if the supply allows it. Thermal: airflow, or fewer neighbours. Hardware slowdown: look at the power supply.',
  unit: 'short',
  width: 10,
  queries: [byGpu(compare(latest(metrics.gpuThrottleReason, chosenGpu), '==', 1), '{{reason}} · ')],
  whenEmpty: 'no reason',
  values: [{ value: 1, text: 'holds', color: colors.bad }],
}

export const limits: Panel = {
  id: 19,
  kind: 'timeseries',
  title: 'Power limit, and the highest there is',
  shows: 'The power limit in force, and the highest that can be set.',
  whenBad: 'Apart while "Why throttled" names the power cap: somebody lowered the limit.',
  unit: 'watt',
  width: 6,
  queries: [
    gaugeByGpu(metrics.gpuPowerLimitWatts, 'in force · '),
    gaugeByGpu(metrics.gpuPowerLimitMaximumWatts, 'highest · '),
  ],
  whenEmpty: notTold,
}
