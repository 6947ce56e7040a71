import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import { metrics } from '../core/metrics.ts'
import { anyOf, latest, type Query } from '../core/promql.ts'
import { chosen, type BoardDefinition } from './boards/board.ts'
import { datasource } from './panel.ts'

/**
 * Where to look, from the widest to the narrowest. A menu without an "all" value of its own stands
 * for the list it shows, which is what makes it choose:
 *
 * - `job`: the jobs that are sidecars. With `.+` a server whose own metrics are scraped as well
 *   would be counted twice.
 * - `instance`: the sidecars of the chosen model, and all of them while every model is chosen: one
 *   that watches GPUs alone knows no model, and a label that is absent matches `.*`.
 * - `gpu`: not the GPUs that are known to be another server's.
 */
export function variables({ hasRuns = false }: BoardDefinition) {
  const { namespace, job } = chosen
  const served = { namespace, job, model: { matches: '$model' } }
  const ownGpus = { ...chosen, attribution: { not: 'none' } }
  const state = metrics.guidanceState
  return [
    new grafana.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    choice('namespace', 'namespace', latest(state), 'namespace').allValue(anythingOrNothing),
    choice('job', 'job', latest(state, { namespace }), 'job'),
    choice('model', 'model', latest(metrics.modelInfo, { namespace, job }), 'model').allValue(
      anythingOrNothing,
    ),
    choice('instance', 'instance', anyOf([state, metrics.modelInfo], served), 'instance'),
    choice('gpu', 'GPU', latest(metrics.gpuInfo, ownGpus), 'gpu_uuid'),
    ...(hasRuns ? [choice('run', 'run', latest(metrics.loadInfo), 'instance')] : []),
  ]
}

const anythingOrNothing = '.*'

function choice<L extends string>(
  name: string,
  label: string,
  series: Query<L>,
  of: NoInfer<L>,
): grafana.QueryVariableBuilder {
  const query = `label_values(${series.text}, ${of})`
  return new grafana.QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query, refId: name })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.AlphabeticalAsc)
}
