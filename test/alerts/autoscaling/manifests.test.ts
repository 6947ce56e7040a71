import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1'
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { autoscaling } from '../../../alerts/index.ts'
import { parsePolicy } from '../../../core/own-policy.ts'
import { policy } from '../../../core/policy.ts'

type Given = Parameters<typeof autoscaling.manifestOptionsOf>[1]

function rendered(given: Given = {}, of = policy): Readonly<Record<string, unknown>> {
  const files = autoscaling.renderAutoscaling(autoscaling.manifestOptionsOf(of, given))
  return Object.fromEntries([...files].map(([name, text]) => [name, parse(text) as unknown]))
}

interface Manifest {
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec: {
    readonly minReplicas: number
    readonly minReplicaCount: number
    readonly fallback: unknown
    readonly metrics: readonly { readonly external: { readonly target: unknown } }[]
    readonly behavior: unknown
    readonly triggers: readonly {
      readonly name: string
      readonly metricType: string
      readonly metadata: Readonly<Record<string, string>>
    }[]
    readonly advanced: {
      readonly horizontalPodAutoscalerConfig: { readonly behavior: unknown }
      readonly scalingModifiers?: unknown
    }
    readonly groups: readonly {
      readonly rules: readonly { readonly record: string; readonly expr: string }[]
    }[]
  }
}
const manifest = (name: string, given?: Given, of = policy) => rendered(given, of)[name] as Manifest
const text = (name: string, given?: Given) =>
  autoscaling.renderAutoscaling(autoscaling.manifestOptionsOf(policy, given)).get(name) ?? ''

const variants: readonly Given[] = [
  {},
  { secondMetric: 'none' },
  { secondMetric: 'triton', tritonModel: 'bge' },
  { deployment: 'rr', namespace: 'rag', minReplicas: 2, maxReplicas: 30, fallbackReplicas: 7 },
]

describe('Kubernetes takes them', () => {
  test.each(variants)('with %o', (given) => {
    const files = rendered(given)
    for (const form of ['tolerance', 'deadband']) {
      expect(() => {
        new HorizontalPodAutoscaler(files[`hpa-${form}.yaml`] as never).validate()
      }).not.toThrow()
      expect(() => {
        new ScaledObject(files[`keda-${form}.yaml`] as never).validate()
      }).not.toThrow()
    }
    expect(() => {
      new PrometheusRule(files['recording-rules.yaml'] as never).validate()
    }).not.toThrow()
  })

  test('and would not take something else', () => {
    const { spec, ...rest } = manifest('hpa-tolerance.yaml')
    expect(() => {
      new HorizontalPodAutoscaler({
        ...rest,
        spec: { ...spec, maxReplicas: 'many' },
      } as never).validate()
    }).toThrow()
    const keda = manifest('keda-tolerance.yaml')
    expect(() => {
      new ScaledObject({
        ...keda,
        spec: { ...keda.spec, fallback: { replicas: 1, behavior: 'guess' } },
      } as never).validate()
    }).toThrow()
  })
})

describe('what the fields say', () => {
  const windows = {
    scaleUp: {
      stabilizationWindowSeconds: 60,
      selectPolicy: 'Max',
      policies: [
        { type: 'Pods', value: 2, periodSeconds: 60 },
        { type: 'Percent', value: 50, periodSeconds: 60 },
      ],
    },
    scaleDown: {
      stabilizationWindowSeconds: 300,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 1, periodSeconds: 300 }],
    },
  }
  const tolerant = {
    scaleUp: { ...windows.scaleUp, tolerance: '0.143' },
    scaleDown: { ...windows.scaleDown, tolerance: '0.429' },
  }

  test('both forms have the policy’s windows, one its tolerances', () => {
    expect(manifest('hpa-tolerance.yaml').spec.behavior).toEqual(tolerant)
    expect(manifest('hpa-deadband.yaml').spec.behavior).toEqual(windows)
    for (const [form, behavior] of Object.entries({ tolerance: tolerant, deadband: windows })) {
      const { advanced } = manifest(`keda-${form}.yaml`).spec
      expect(advanced.horizontalPodAutoscalerConfig.behavior).toEqual(behavior)
    }
  })

  test('the HPA compares values with 70 and 1', () => {
    for (const form of ['tolerance', 'deadband']) {
      expect(
        manifest(`hpa-${form}.yaml`).spec.metrics.map(({ external }) => external.target),
      ).toEqual([
        { type: 'Value', value: '70' },
        { type: 'Value', value: '1' },
      ])
    }
  })

  test('KEDA divides nothing, ignores no missing value, and holds what is there in an outage', () => {
    for (const form of ['tolerance', 'deadband']) {
      const { spec } = manifest(`keda-${form}.yaml`, { maxReplicas: 9, fallbackReplicas: 3 })
      expect(spec.triggers.map(({ metricType }) => metricType)).toEqual(['Value', 'Value'])
      expect(spec.triggers.map(({ metadata }) => metadata['ignoreNullValues'])).toEqual([
        'false',
        'false',
      ])
      expect(spec.triggers.map(({ metadata }) => metadata['threshold'])).toEqual(['70', '1'])
      expect(spec.fallback).toEqual({
        failureThreshold: 3,
        replicas: 3,
        behavior: 'currentReplicasIfHigher',
      })
      expect(spec.minReplicaCount).toBe(1)
    }
  })

  test('KEDA’s dead band is a formula, in which the larger of both metrics counts', () => {
    expect(manifest('keda-tolerance.yaml').spec.advanced.scalingModifiers).toBeUndefined()
    expect(manifest('keda-deadband.yaml').spec.advanced.scalingModifiers).toEqual({
      formula: 'max(utilization > 80 || utilization < 40 ? utilization : 70, queue * 70)',
      target: '70',
      metricType: 'Value',
    })
    expect(
      manifest('keda-deadband.yaml', { secondMetric: 'none' }).spec.advanced.scalingModifiers,
    ).toMatchObject({ formula: 'utilization > 80 || utilization < 40 ? utilization : 70' })
  })

  test('the job is that of the PodMonitor, unless another is named', () => {
    const query = (given?: Given) =>
      manifest('keda-tolerance.yaml', given).spec.triggers[0]?.metadata['query'] ?? ''
    expect(query()).toContain('{namespace="rerank", job="rerankscope"}')
    expect(query({ namespace: 'rag' })).toContain('{namespace="rag", job="rerankscope"}')
    expect(query({ job: 'rr' })).toContain('{namespace="rerank", job="rr"}')
  })

  test('every name of a metric is one that the adapter gives, of a series that is recorded', () => {
    const files = rendered()
    const { externalRules } = files['prometheus-adapter.yaml'] as {
      readonly externalRules: readonly {
        readonly seriesQuery: string
        readonly name: { as: string }
      }[]
    }
    const given = externalRules.map(({ name }) => name.as)
    const asked = ['tolerance', 'deadband'].flatMap((form) =>
      [...text(`hpa-${form}.yaml`).matchAll(/ {2}name: (\w+_\w+)$/gm)].map(([, name]) => name),
    )
    expect(new Set(asked)).toEqual(new Set(given))
    const recorded = manifest('recording-rules.yaml').spec.groups[0]?.rules.map(
      ({ record }) => record,
    )
    expect(
      externalRules.map(({ seriesQuery }) => /__name__="([^"]+)"/.exec(seriesQuery)?.[1]),
    ).toEqual(recorded)
    expect(text('prometheus-adapter.yaml')).not.toContain(':rerankscope_gpu_utilization_percent\n')
  })

  test('GPU memory is in none of them', () => {
    for (const given of variants) {
      const all = [
        ...autoscaling.renderAutoscaling(autoscaling.manifestOptionsOf(policy, given)).values(),
      ]
      expect(all.join('\n')).not.toMatch(/memory/i)
    }
  })

  test('Triton’s own counters can be the second metric, of one model', () => {
    const { triggers } = manifest('keda-tolerance.yaml', {
      secondMetric: 'triton',
      tritonJob: 'triton-pods',
      tritonModel: 'bge',
    }).spec
    expect(triggers[1]?.metadata['query']).toContain(
      'rate(nv_inference_queue_duration_us{namespace="rerank", job="triton-pods", model="bge"}[1m])',
    )
    expect(triggers[1]?.metadata['query']).toContain('nv_inference_compute_infer_duration_us')
    expect(manifest('keda-tolerance.yaml', { secondMetric: 'none' }).spec.triggers).toHaveLength(1)
  })

  test('another policy, another manifest; a dead band too narrow for Kubernetes is said', () => {
    const own = parsePolicy({
      target: { utilizationRatio: 0.75 },
      scaleIn: { windowSeconds: 600 },
    })
    if ('problems' in own) throw new Error(own.problems.join())
    expect(manifest('hpa-tolerance.yaml', {}, own.policy).spec.behavior).toMatchObject({
      scaleUp: { tolerance: '0.067' },
      scaleDown: { tolerance: '0.467', stabilizationWindowSeconds: 600 },
    })
    expect(autoscaling.deadbandCaveats(policy)).toEqual([])
    expect(autoscaling.deadbandCaveats(own.policy)).toEqual([
      expect.stringContaining('The scale-out line is 0.067 of the target away'),
    ])
  })

  test('a period longer than Kubernetes takes is cut, and its window stays', () => {
    const slow = { ...policy, scaleIn: { ...policy.scaleIn, windowSeconds: 3600 } }
    expect(manifest('hpa-tolerance.yaml', {}, slow).spec.behavior).toMatchObject({
      scaleDown: { stabilizationWindowSeconds: 3600, policies: [{ periodSeconds: 1800 }] },
    })
  })
})

describe('what Kubernetes would refuse is refused in words', () => {
  test.each([
    [{ minReplicas: 0 }, '--min-replicas must be a whole number from 1 on'],
    [{ minReplicas: 1.5 }, '--min-replicas must be a whole number from 1 on'],
    [{ minReplicas: 3, maxReplicas: 2 }, '--max-replicas must be a whole number, not below'],
    [{ fallbackReplicas: 9 }, '--fallback-replicas must lie between'],
    [{ deployment: 'Re_rank' }, '--deployment Re_rank is no name that Kubernetes takes'],
    [{ namespace: 'a'.repeat(64) }, 'is no name that Kubernetes takes'],
  ])('%o', (given, sentence) => {
    expect(() => rendered(given)).toThrow(sentence)
  })
})
