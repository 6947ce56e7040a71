import { hostname } from 'node:os'
import { afterEach, expect, test, vi } from 'vitest'
import { resourceOf } from '../../core/resource.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

const of = (environment: Readonly<Record<string, string>> = {}) =>
  resourceOf({ environment, version: '1.2.3', service: 'rerankscope-sidecar', instance: '9464' })

test('a machine says its name and which of its sidecars this is', () => {
  expect(of()).toEqual({
    'service.name': 'rerankscope-sidecar',
    'service.version': '1.2.3',
    'service.instance.id': `${hostname()}:9464`,
    'host.name': hostname(),
  })
})

test('a pod says what the downward API gives it, under the names that are usual', () => {
  const environment = {
    POD_NAMESPACE: 'search',
    POD_NAME: 'reranker-0',
    K8S_POD_UID: 'u-1',
    CONTAINER_NAME: 'sidecar',
    NODE_NAME: 'gpu-7',
    K8S_CLUSTER_NAME: '',
  }
  expect(of(environment)).toMatchObject({
    'k8s.namespace.name': 'search',
    'k8s.pod.name': 'reranker-0',
    'k8s.pod.uid': 'u-1',
    'k8s.container.name': 'sidecar',
    'k8s.node.name': 'gpu-7',
    'service.instance.id': 'search.reranker-0.sidecar',
  })
  expect(of(environment)).not.toHaveProperty(['k8s.cluster.name'])
})

test("OpenTelemetry's own variables win, and what no label can hold is left out", () => {
  vi.stubEnv('OTEL_SERVICE_NAME', 'reranker-watch')
  vi.stubEnv(
    'OTEL_RESOURCE_ATTRIBUTES',
    'k8s.pod.name=mine,team=search%20quality,1st=x,service_name=twice',
  )
  const resource = of({ POD_NAME: 'theirs' })
  expect(resource).toMatchObject({
    'service.name': 'reranker-watch',
    'k8s.pod.name': 'mine',
    team: 'search quality',
  })
  expect(Object.keys(resource)).not.toContain('1st')
  expect(Object.keys(resource)).not.toContain('service_name')
})
