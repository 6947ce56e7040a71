import { metrics } from '../../../core/metrics.ts'
import { growth, latest, secondsSince } from '../../../core/promql.ts'
import { anyIsBad, chosen, colors, type Panel } from '../board.ts'

/** How well all of this is measured. */

const legend = '{{source}} · {{instance}}'
const whenEmpty = 'no sidecar'

export const sources: Panel = {
  id: 26,
  kind: 'state-timeline',
  title: 'Sources',
  shows: 'Whether each source of each sidecar gives fresh values.',
  whenBad:
    "Down: what the source feeds is missing from every board, not zero. The sidecar's /status says why.",
  alerts: ['RerankscopeSourceDown', 'RerankscopeSidecarDegraded'],
  unit: 'short',
  width: 8,
  queries: [{ query: latest(metrics.sourceUp, chosen), legend }],
  whenEmpty,
  values: [
    { value: 1, text: 'up', color: colors.good },
    { value: 0, text: 'down', color: colors.bad },
  ],
}

export const age: Panel = {
  id: 27,
  kind: 'timeseries',
  title: 'Age of the latest reading',
  shows: 'Time since each source was last read well.',
  whenBad: 'A line that climbs: the source hangs. Its values disappear after three intervals.',
  unit: 's',
  width: 8,
  queries: [{ query: secondsSince(latest(metrics.sourceLastSuccess, chosen)), legend }],
  whenEmpty,
}

export const durations: Panel = {
  id: 28,
  kind: 'timeseries',
  title: 'How long a reading takes',
  shows: 'How long the latest reading of each source took.',
  whenBad:
    'Near the interval of a second: the driver or the server is slow to answer. Read less often.',
  unit: 's',
  width: 8,
  queries: [{ query: latest(metrics.sourceDuration, chosen), legend }],
  whenEmpty,
}

export const restarts: Panel = {
  id: 29,
  kind: 'timeseries',
  title: 'Restarts of sources',
  shows: 'How often each source had to be started again, within each step of the chart.',
  whenBad: 'Again and again: nvidia-smi dies. `rerankscope doctor` says what it lacks.',
  unit: 'short',
  width: 8,
  queries: [
    { query: growth('increase', metrics.sourceRestarts, '$__rate_interval', chosen), legend },
  ],
  whenEmpty,
  thresholds: anyIsBad,
}

export const dropped: Panel = {
  id: 30,
  kind: 'timeseries',
  title: 'Lines that could not be read',
  shows: 'Lines of each source that could not be read and were left out, a second.',
  whenBad:
    'Steadily some: the server or the driver is of a version that the sidecar does not know.',
  unit: 'cps',
  width: 8,
  queries: [
    { query: growth('rate', metrics.sourceDroppedLines, '$__rate_interval', chosen), legend },
  ],
  whenEmpty,
}

export const versions: Panel = {
  id: 31,
  kind: 'table',
  title: 'Versions',
  shows: 'The version of rerankscope that each chosen program runs.',
  whenBad: 'Several: a rollout is under way, or was left half done.',
  unit: 'short',
  width: 8,
  queries: [{ query: latest(metrics.buildInfo, chosen), legend: 'version', labelsOnly: true }],
  columns: [
    { label: 'instance', shownAs: 'instance' },
    { label: 'program', shownAs: 'program' },
    { label: 'version', shownAs: 'version' },
  ],
  whenEmpty,
}
