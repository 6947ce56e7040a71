import { metrics } from '../metrics.ts'
import { aggregate, join } from './operators.ts'
import type { AllLabels, Query, ScrapeLabel, Selector } from './query.ts'
import { latest } from './series.ts'

/** Gives GPU series the number and name that people know them by; another server's GPUs are left out. */
export function withGpuNames<L extends string>(
  query: Query<L | AllLabels<'gpu_uuid'>>,
  where: Selector<ScrapeLabel> = {},
): Query<L | AllLabels<'gpu_uuid'> | 'gpu' | 'name'> {
  const on = ['gpu_uuid', 'job', 'instance'] as const
  const info = aggregate(
    'max',
    [...on, 'gpu', 'name'],
    latest(metrics.gpuInfo, { ...where, attribution: { not: 'none' } }),
  )
  const joined = join(query, `* on (${on.join(', ')}) group_left (gpu, name)`, info)
  return { ...joined, labels: [...query.labels, 'gpu', 'name'] }
}

/** Gives the series of a load generator the profile and the engine of their run. */
export function withRunNames<L extends ScrapeLabel>(
  query: Query<L | 'instance'>,
  where: Selector<ScrapeLabel> = {},
): Query<L | 'instance' | 'profile' | 'engine'> {
  const info = aggregate('max', ['instance', 'profile', 'engine'], latest(metrics.loadInfo, where))
  const joined = join(query, '* on (instance) group_left (profile, engine)', info)
  return { ...joined, labels: [...query.labels, 'profile', 'engine'] }
}
