import { ConfigMap } from 'kubernetes-models/v1'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { formats, shippedBoards } from '../../dashboards/index.ts'

const boards = shippedBoards()
const options = { folder: 'GPUs', prometheusUrl: 'http://prom:9090', scrapeSeconds: 5 }

/** What a format writes, by file name. */
function filesOf(name: string): ReadonlyMap<string, string> {
  const format = formats.find((each) => each.name === name)!
  return new Map(format.files(boards, options))
}

test('json is the default, and the committed files byte for byte', () => {
  expect(formats[0]?.name).toBe('json')
  expect([...filesOf('json')]).toEqual(boards.map(({ name, json }) => [`${name}.json`, json]))
})

test('no two files of a format have one name, and every board is in every format', () => {
  for (const format of formats) {
    const files = format.files(boards, options)
    expect(new Set(files.map(([name]) => name)).size).toBe(files.length)
    for (const { name } of boards) {
      expect(files.filter(([file]) => file.includes(name)).length, format.name).toBeGreaterThan(0)
    }
  }
})

test('provisioning: a provider whose path holds the boards, and the data source', () => {
  const files = filesOf('provisioning')
  expect(parse(files.get('dashboards/rerankscope.yaml')!)).toEqual({
    apiVersion: 1,
    providers: [
      {
        name: 'rerankscope',
        folder: 'GPUs',
        type: 'file',
        allowUiUpdates: false,
        options: { path: '/etc/grafana/provisioning/dashboards/rerankscope' },
      },
    ],
  })
  expect(parse(files.get('datasources/rerankscope.yaml')!)).toEqual({
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus (rerankscope)',
        uid: 'rerankscope-prometheus',
        type: 'prometheus',
        access: 'proxy',
        url: 'http://prom:9090',
        jsonData: { httpMethod: 'POST', timeInterval: '5s' },
      },
    ],
  })
  for (const { name, json } of boards) {
    expect(files.get(`dashboards/rerankscope/${name}.json`)).toBe(json)
  }
  expect(files.size).toBe(boards.length + 2)
})

test('configmap: Kubernetes takes each, and the board comes out of it unchanged', () => {
  const files = filesOf('configmap')
  expect([...files.keys()]).toEqual(boards.map(({ name }) => `${name}.yaml`))
  for (const { name, json } of boards) {
    const text = files.get(`${name}.yaml`)!
    const object = parse(text) as ConstructorParameters<typeof ConfigMap>[0]
    const map = new ConfigMap(object)
    expect(() => {
      map.validate()
    }).not.toThrow()
    expect(map.metadata).toEqual({
      name: `rerankscope-dashboard-${name}`,
      labels: { grafana_dashboard: '1', 'app.kubernetes.io/name': 'rerankscope' },
      annotations: { grafana_folder: 'GPUs' },
    })
    expect(map.data).toEqual({ [`rerankscope-${name}.json`]: json })
    // A name of Kubernetes' own kind, and the whole within what its API server takes.
    expect(map.metadata?.name).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024)
  }
})

test('configmap: a board that is too large for one is refused, not cut', () => {
  const format = formats.find(({ name }) => name === 'configmap')!
  const huge = { ...boards[0]!, json: JSON.stringify({ text: 'x'.repeat(1024 * 1024) }) }
  expect(() => format.files([huge], options)).toThrow('does not fit into a ConfigMap')
})

test('api: the resource of Grafana 12 on, and the body of the older address', () => {
  const files = filesOf('api')
  for (const { name, uid, title, json } of boards) {
    const model = JSON.parse(json) as Record<string, unknown>
    const resource = JSON.parse(files.get(`${name}.resource.json`)!) as {
      readonly spec: Record<string, unknown>
    }
    expect(resource).toMatchObject({
      apiVersion: 'dashboard.grafana.app/v1',
      kind: 'Dashboard',
      metadata: { name: uid },
      spec: { title, schemaVersion: 39, panels: model['panels'] },
    })
    expect(resource.spec).not.toHaveProperty('uid')
    expect(resource.spec).not.toHaveProperty('id')
    expect(JSON.parse(files.get(`${name}.post.json`)!)).toEqual({
      dashboard: model,
      overwrite: true,
      message: 'rerankscope',
    })
  }
  expect(files.size).toBe(2 * boards.length)
})
