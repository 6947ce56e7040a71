import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { Deployment } from 'kubernetes-models/apps/v1'
import { Service } from 'kubernetes-models/v1'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { alertDefaults } from '../../alerts/index.ts'
import { parseCommandLine } from '../../commands/parser.ts'

const folder = resolve(import.meta.dirname, '../../deploy/kubernetes')

function documents(path: string): readonly Record<string, unknown>[] {
  return parseAllDocuments(readFileSync(join(folder, path), 'utf8')).map(
    (each) => each.toJS() as Record<string, unknown>,
  )
}

const one = (path: string) => documents(path)[0] ?? {}

interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string> }
  readonly spec: Record<string, unknown> & { readonly initContainers: readonly Container[] }
}
interface Container {
  readonly name: string
  readonly restartPolicy?: string
  readonly env: readonly { readonly name: string; readonly value?: string }[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly resources: Record<string, Record<string, string>>
}

const patch = one('sidecar/sidecar.yaml') as { spec: { template: PodTemplate } }
const { template } = patch.spec
const [sidecar] = template.spec.initContainers

/** As the strategic merge does it for what the two have in common: maps are joined. */
function patched(): Record<string, unknown> {
  const reranker = one('example/reranker.yaml') as {
    spec: { template: { metadata: { labels: object }; spec: object } }
  }
  const { metadata, spec } = reranker.spec.template
  return {
    ...reranker,
    spec: {
      ...reranker.spec,
      template: {
        metadata: { labels: { ...metadata.labels, ...template.metadata.labels } },
        spec: { ...spec, ...template.spec },
      },
    },
  }
}

test('the patched Deployment, its Service and the PodMonitor are valid', () => {
  expect(() => {
    new Deployment(patched()).validate()
  }).not.toThrow()
  expect(() => {
    new Service(documents('example/reranker.yaml')[1]).validate()
  }).not.toThrow()
  expect(() => {
    new PodMonitor(one('sidecar/pod-monitor.yaml') as never).validate()
  }).not.toThrow()
  expect(() => {
    new Deployment({ ...patched(), spec: { replicas: 'one' } } as never).validate()
  }).toThrow()
})

test('it is a native sidecar that takes no GPU, runs without rights and is bounded', () => {
  expect(sidecar).toMatchObject({
    restartPolicy: 'Always',
    resources: { limits: { memory: '192Mi' } },
    securityContext: {
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    },
  })
  expect(JSON.stringify(sidecar?.resources)).not.toContain('nvidia.com/gpu')
})

test('the PodMonitor finds what the patch puts there', () => {
  const monitor = one('sidecar/pod-monitor.yaml') as {
    spec: {
      selector: { matchLabels: Record<string, string> }
      podMetricsEndpoints: readonly {
        port: string
        relabelings: readonly { targetLabel: string; replacement: string }[]
      }[]
    }
  }
  // The rules look for their series under this job alone.
  expect(monitor.spec.podMetricsEndpoints.flatMap(({ relabelings }) => relabelings)).toEqual([
    { targetLabel: 'job', replacement: alertDefaults.job },
  ])
  expect(template.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels)
  expect(sidecar?.ports.map(({ name }) => name)).toEqual(
    monitor.spec.podMetricsEndpoints.map(({ port }) => port),
  )
})

test('the component patches what carries its label, and every file it names is there', () => {
  for (const path of ['sidecar/kustomization.yaml', 'example/kustomization.yaml']) {
    const {
      resources = [],
      components = [],
      patches = [],
    } = one(path) as {
      resources?: string[]
      components?: string[]
      patches?: { path: string }[]
    }
    const named = [...resources, ...components, ...patches.map((each) => each.path)]
    expect(named.length).toBeGreaterThan(0)
    for (const file of named) expect(existsSync(join(folder, dirname(path), file))).toBe(true)
  }
  const component = one('sidecar/kustomization.yaml') as {
    patches: { target: { labelSelector: string } }[]
  }
  const [key = '', value] = component.patches[0]?.target.labelSelector.split('=') ?? []
  const { metadata } = one('example/reranker.yaml') as {
    metadata: { labels: Record<string, string> }
  }
  expect(metadata.labels[key]).toBe(value)
})

test('its environment variables are options of the sidecar, with values that it takes', async () => {
  const own = sidecar?.env.filter(({ name }) => name.startsWith('RERANKSCOPE_SIDECAR_')) ?? []
  expect(own.length).toBeGreaterThan(1)
  const words = own.flatMap(({ name, value = '' }) => [
    `--${name.replace('RERANKSCOPE_SIDECAR_', '').toLowerCase().replaceAll('_', '-')}`,
    value,
  ])
  const parsed = await parseCommandLine(['sidecar', ...words], { version: '0', columns: 80 })
  expect(parsed?.command.usage).toBe('sidecar')
})
