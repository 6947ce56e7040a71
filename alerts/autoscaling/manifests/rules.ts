import { windowText } from '../../../core/promql.ts'
import type { ManifestOptions } from './options.ts'
import type { Signal } from './signals.ts'

/**
 * The recorded series that the HPA reads through prometheus-adapter, as a PrometheusRule of the
 * Prometheus operator. What stands under `spec` is a rule file.
 */
export function recordingRules(options: ManifestOptions, signals: readonly Signal[]): unknown {
  const { deployment, namespace, policy } = options
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: `${deployment}-autoscaling`, namespace },
    spec: {
      groups: [
        {
          name: `rerankscope.autoscaling.${deployment}`,
          interval: windowText(policy.alerting.evaluationSeconds),
          rules: signals.map(({ record, query }) => ({
            record,
            expr: query.text,
            // A namespace may hold several rerankers.
            labels: { deployment },
          })),
        },
      ],
    },
  }
}

/** prometheus-adapter's configuration: recorded series → external metrics, under names without colons. */
export function adapterRules({ deployment }: ManifestOptions, signals: readonly Signal[]): unknown {
  return {
    externalRules: signals.map(({ name, record }) => ({
      seriesQuery: `{__name__="${record}",deployment="${deployment}"}`,
      resources: { overrides: { namespace: { resource: 'namespace' } } },
      name: { matches: '.*', as: name },
      metricsQuery: 'max(<<.Series>>{<<.LabelMatchers>>})',
    })),
  }
}
