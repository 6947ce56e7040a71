import { hostname } from 'node:os'
import { detectResources, envDetector } from '@opentelemetry/resources'

/** Attributes of Kubernetes' downward API, under the names that manifests usually give them. */
const kubernetes = {
  'k8s.cluster.name': ['K8S_CLUSTER_NAME'],
  'k8s.namespace.name': ['K8S_NAMESPACE_NAME', 'K8S_NAMESPACE', 'POD_NAMESPACE'],
  'k8s.pod.name': ['K8S_POD_NAME', 'POD_NAME'],
  'k8s.pod.uid': ['K8S_POD_UID', 'POD_UID'],
  'k8s.container.name': ['K8S_CONTAINER_NAME', 'CONTAINER_NAME'],
  'k8s.deployment.name': ['K8S_DEPLOYMENT_NAME', 'DEPLOYMENT_NAME'],
  'k8s.node.name': ['K8S_NODE_NAME', 'NODE_NAME'],
} as const satisfies Record<string, readonly string[]>

/** What a Prometheus label can be made of. */
const usableKey = /^[A-Za-z_][\w./-]*$/

/**
 * Who speaks: the resource over OTLP and `target_info` in Prometheus. `OTEL_RESOURCE_ATTRIBUTES` and
 * `OTEL_SERVICE_NAME` win over what the pod says, and that over what the machine says.
 */
export function resourceOf(options: {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Its name, unless `OTEL_SERVICE_NAME` says another. */
  readonly service: string
  /** What tells it from others of its kind on the machine. */
  readonly instance: string
}): Readonly<Record<string, string>> {
  const pod = Object.fromEntries(
    Object.entries(kubernetes).flatMap(([attribute, names]) => {
      const value = names.map((name) => options.environment[name]).find((given) => given)
      return value === undefined ? [] : [[attribute, value]]
    }),
  )
  const given = detectResources({ detectors: [envDetector] }).attributes
  const machine = hostname()
  const all = {
    'service.name': options.service,
    'service.version': options.version,
    // Without it the series of two sidecars that push to one collector would be the same.
    'service.instance.id':
      [pod['k8s.namespace.name'], pod['k8s.pod.name'], pod['k8s.container.name']]
        .filter((part) => part !== undefined)
        .join('.') || `${machine}:${options.instance}`,
    'host.name': machine,
    ...pod,
    ...given,
  }
  return usable(all)
}

/** Without what would make two labels the same, or none at all: Prometheus refuses the whole scrape then. */
function usable(attributes: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const labels = new Set<string>()
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) => {
      const label = key.replaceAll(/\W+/g, '_')
      if (typeof value !== 'string' || !usableKey.test(key) || labels.has(label)) return []
      labels.add(label)
      return [[key, value]]
    }),
  )
}
