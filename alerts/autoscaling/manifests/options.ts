import { usageError } from '../../../core/errors.ts'
import type { Policy } from '../../../core/policy.ts'
import { rerankscope } from '../../sets/rerankscope.ts'

export const secondMetrics = ['sidecar', 'triton', 'none'] as const
export type SecondMetric = (typeof secondMetrics)[number]

/** What the manifests are written for. */
export interface ManifestOptions {
  readonly policy: Policy
  readonly deployment: string
  readonly namespace: string
  /** The `job` label of the sidecars' scrape job. */
  readonly job: string
  readonly minReplicas: number
  readonly maxReplicas: number
  /** Where KEDA reaches Prometheus, from inside the cluster. */
  readonly prometheus: string
  /** What KEDA keeps at least while Prometheus does not answer. */
  readonly fallbackReplicas: number
  /** Whence queue per compute comes, if it is to count at all. */
  readonly secondMetric: SecondMetric
  /** The `job` label under which Triton itself is scraped. */
  readonly tritonJob: string
  /** The model whose queue counts; every model of the server without it. */
  readonly tritonModel: string | undefined
}

/** What nobody named: the example of deploy/kubernetes. */
export const manifestDefaults = {
  deployment: 'reranker',
  namespace: 'rerank',
  job: rerankscope.job,
  minReplicas: 1,
  maxReplicas: 4,
  prometheus: 'http://prometheus-operated.monitoring.svc:9090',
  secondMetric: 'sidecar',
  tritonJob: 'triton',
  tritonModel: undefined,
} as const

type Given = { readonly [K in keyof ManifestOptions]?: ManifestOptions[K] | undefined }

/** `given` over the defaults. */
export function manifestOptionsOf(policy: Policy, given: Given = {}): ManifestOptions {
  const known = Object.entries(given).filter(([, value]) => value !== undefined)
  const named: Omit<ManifestOptions, 'fallbackReplicas'> & Given = {
    ...manifestDefaults,
    ...Object.fromEntries(known),
    policy,
  }
  return {
    ...named,
    fallbackReplicas: named.fallbackReplicas ?? named.minReplicas,
  }
}

/** @throws UserError (usage) for what Kubernetes would refuse, or what would scale to nothing. */
export function checkManifestOptions(options: ManifestOptions): void {
  const { deployment, namespace, minReplicas, maxReplicas, fallbackReplicas } = options
  for (const [name, value] of Object.entries({ deployment, namespace })) {
    if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)) {
      throw usageError(
        `--${name} ${value} is no name that Kubernetes takes: lower-case letters, digits and -, at most 63.`,
      )
    }
  }
  if (!Number.isSafeInteger(minReplicas) || minReplicas < 1) {
    throw usageError(
      '--min-replicas must be a whole number from 1 on: without a replica no GPU is there to say that one is needed.',
    )
  }
  if (!Number.isSafeInteger(maxReplicas) || maxReplicas < minReplicas) {
    throw usageError('--max-replicas must be a whole number, not below --min-replicas.')
  }
  if (
    !Number.isSafeInteger(fallbackReplicas) ||
    fallbackReplicas < minReplicas ||
    fallbackReplicas > maxReplicas
  ) {
    throw usageError('--fallback-replicas must lie between --min-replicas and --max-replicas.')
  }
}
