import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  alertDefaults,
  alertsOf,
  formChoices,
  recordsOf,
  renderAlerts,
} from '../../alerts/index.ts'
import { parsePolicy } from '../../core/own-policy.ts'
import { formats } from '../../dashboards/index.ts'
import { policy } from '../../core/policy.ts'

const root = resolve(import.meta.dirname, '../..')
const context = { policy, ...alertDefaults }
const alerts = alertsOf(context)
const records = recordsOf(context)

function made(form: string, file: string, more: Partial<Parameters<typeof renderAlerts>[0]> = {}) {
  const text = renderAlerts({ ...context, ...more, form }).get(file)
  return parse(text ?? '') as unknown
}

test('every file of alerts/forms stands in the list', () => {
  const folder = join(root, 'alerts/forms')
  const files = readdirSync(folder).filter((file) => !['index.ts', 'form.ts'].includes(file))
  const list = readFileSync(join(folder, 'index.ts'), 'utf8')
  expect(files.filter((file) => !list.includes(`'./${file}'`))).toEqual([])
  expect(formChoices).toHaveLength(files.length)
})

describe('PrometheusRule', () => {
  interface Group {
    readonly name: string
    readonly rules: readonly Record<string, unknown>[]
  }
  interface Manifest {
    readonly metadata: { readonly name: string; readonly labels: Record<string, string> }
    readonly spec: { readonly groups: readonly Group[] }
  }
  const manifest = (more = {}) =>
    made('prometheusrule', 'prometheusrule.yaml', more) as ConstructorParameters<
      typeof PrometheusRule
    >[0] &
      Manifest

  test('is what the operator takes', () => {
    expect(() => {
      new PrometheusRule(manifest()).validate()
    }).not.toThrow()
  })

  test('the validation would notice', () => {
    const { spec, ...rest } = manifest()
    const [first, ...others] = spec.groups
    const broken = { ...first, interval: 'one minute' }
    expect(() => {
      new PrometheusRule({ ...rest, spec: { groups: [broken, ...others] } } as never).validate()
    }).toThrow('interval')
  })

  test('holds the groups of the rule file, and the labels that an operator asks for', () => {
    const { metadata, spec } = manifest({ objectLabels: { release: 'prometheus' } })
    const file = made('prometheus', 'prometheus-rules.yaml') as { readonly groups: unknown }
    expect(spec.groups).toEqual(file.groups)
    expect(metadata).toEqual({
      name: 'rerankscope',
      labels: { 'app.kubernetes.io/name': 'rerankscope', release: 'prometheus' },
    })
  })
})

describe('Grafana', () => {
  interface Rule {
    readonly uid: string
    readonly title: string
    readonly condition: string
    readonly data: readonly {
      readonly refId: string
      readonly datasourceUid: string
      readonly model: { readonly expr?: string; readonly expression?: string }
    }[]
    readonly noDataState: string
    readonly keepFiringFor?: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly dashboardUid: string
    readonly panelId: number
  }
  const groups = (more = {}) =>
    (
      made('grafana', 'grafana-rules.yaml', more) as {
        readonly groups: readonly { readonly interval: string; readonly rules: readonly Rule[] }[]
      }
    ).groups
  const rules = groups().flatMap((group) => group.rules)
  const provisioning = formats.find(({ name }) => name === 'provisioning')
  const dataSources = provisioning
    ?.files([], { folder: '', prometheusUrl: 'http://prometheus:9090', scrapeSeconds: 15 })
    .find(([name]) => name.startsWith('datasources/'))
  const [{ uid: provisioned }] = (
    parse(dataSources?.[1] ?? '') as { readonly datasources: readonly [{ readonly uid: string }] }
  ).datasources

  test('holds every alert once, under a uid that Grafana takes', () => {
    expect(rules.map(({ title }) => title).toSorted()).toEqual(
      alerts.map(({ name }) => name).toSorted(),
    )
    for (const { uid } of rules) expect(uid).toMatch(/^[\w-]{1,40}$/)
    expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length)
  })

  test('is evaluated on the grid of ten seconds', () => {
    expect(new Set(groups().map(({ interval }) => interval))).toEqual(new Set(['20s']))
    const own = parsePolicy({ alerting: { evaluationSeconds: 30 } })
    if ('problems' in own) throw new Error(own.problems.join())
    expect(groups({ policy: own.policy })[0]?.interval).toBe('30s')
  })

  test.each(rules)('$title: a series that is there is the condition', (rule) => {
    const [query, condition] = rule.data
    const alert = alerts.find(({ name }) => name === rule.title)
    expect(query).toMatchObject({ refId: 'A', datasourceUid: provisioned })
    expect(query?.model.expr).toBe(alert?.query.text)
    expect(condition).toMatchObject({ refId: rule.condition, datasourceUid: '__expr__' })
    expect(condition?.model.expression).toBe('is_number($A)')
    expect(rule.noDataState).toBe('OK')
    expect(rule.labels['severity']).toBe(alert?.severity)
    expect(rule.keepFiringFor).toBe(
      ['saturation', 'capacity'].includes(alert?.group ?? '') ? '3m' : undefined,
    )
    expect(rule.annotations['description']).not.toMatch(/\$value\b/)
    expect({ board: rule.dashboardUid, id: rule.panelId }).toEqual({
      board: alert?.panel?.board,
      id: alert?.panel?.id,
    })
  })

  test('asks the data source that the user names', () => {
    const [group] = groups({ datasourceUid: 'mimir' })
    expect(group?.rules[0]?.data[0]?.datasourceUid).toBe('mimir')
  })
})

describe('Alertmanager', () => {
  const { inhibit_rules: inhibitions } = made('alertmanager', 'alertmanager.yaml') as {
    readonly inhibit_rules: readonly {
      readonly source_matchers: readonly string[]
      readonly target_matchers: readonly string[]
      readonly equal: readonly string[]
    }[]
  }
  const labels = alerts.map(({ name, severity }): Readonly<Record<string, string>> => ({
    alertname: name,
    severity,
  }))
  /** As Alertmanager reads it: anchored. */
  function matches(matcher: string, of: Readonly<Record<string, string>>): boolean {
    const [, label = '', operator = '', value = ''] =
      /^(\w+)(=~|!~|=|!=)"(.*)"$/.exec(matcher) ?? []
    const is = operator.endsWith('~')
      ? new RegExp(`^(?:${value})$`).test(of[label] ?? '')
      : of[label] === value
    return operator.startsWith('!') ? !is : is
  }
  const quietedBy = (name: string) =>
    inhibitions
      .filter(({ source_matchers: source }) =>
        source.every((each) => labels.some((of) => of['alertname'] === name && matches(each, of))),
      )
      .flatMap(({ target_matchers: target }) =>
        labels.filter((of) => target.every((each) => matches(each, of))),
      )
      .map(({ alertname }) => alertname)

  test('nobody keeps quiet what is of another deployment', () => {
    for (const { equal } of inhibitions) expect(equal).toContain('job')
  })

  test('no page is ever kept quiet but by a faster one of its budget, and nothing by itself', () => {
    const critical = alerts.filter(({ severity }) => severity === 'critical')
    for (const { name } of alerts) {
      const quiet = quietedBy(name)
      expect(quiet).not.toContain(name)
      expect(critical.filter((page) => quiet.includes(page.name)).map((page) => page.name)).toEqual(
        name.endsWith('BudgetExceeded') ? [name.replace('Exceeded', 'Burn')] : [],
      )
    }
  })

  test('a load test explains saturation and advice, not what is broken', () => {
    expect(quietedBy('RerankerLoadTestRunning')).toEqual(
      alerts
        .filter(({ group }) => group === 'saturation' || group === 'capacity')
        .map((a) => a.name),
    )
  })

  test('a page keeps quiet what it explains, and not what may have caused it', () => {
    expect(quietedBy('RerankscopeTargetDown')).toEqual(
      alerts
        .filter(({ group }) => ['saturation', 'capacity', 'load'].includes(group))
        .map(({ name }) => name)
        .filter((name) => name !== 'RerankerGpuThrottled'),
    )
  })

  test('GPUs without figures keep advice quiet', () => {
    expect(quietedBy('RerankscopeGpuMetricsMissing')).toContain('RerankerGpuUtilizationLow')
    expect(quietedBy('RerankscopeGpuMetricsMissing')).not.toContain('RerankerGpuThrottled')
  })
})

describe('recording rules', () => {
  test('are named level:metric:operations, each once, and say their window', () => {
    const names = records.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { name, query } of records) {
      const [, level = '', window = ''] =
        /^(job|instance):[a-z0-9_]+:(?:\w+_)?rate(\d+[smh])$/.exec(name) ?? []
      expect(query.labels, name).toContain(level)
      expect(new Set(query.text.match(/\[\w+\]/g)), name).toEqual(new Set([`[${window}]`]))
    }
  })

  test('average nothing that is a mean or a ratio already', () => {
    for (const { query } of records) expect(query.text).not.toMatch(/\bavg\b|avg_over_time/)
  })

  test('two windows that are the same make one rule', () => {
    const own = parsePolicy({ scaleOut: { windowSeconds: 300 } })
    if ('problems' in own) throw new Error(own.problems.join())
    const names = recordsOf({ ...context, policy: own.policy }).map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})

test.each(alerts.map(({ name, panel }) => [name, panel] as const))(
  '%s points at a panel that there is',
  (_, panel) => {
    const boards = readdirSync(join(root, 'dashboards/generated')).map(
      (file) =>
        JSON.parse(readFileSync(join(root, 'dashboards/generated', file), 'utf8')) as {
          readonly uid: string
          readonly panels: readonly { readonly id: number; readonly title: string }[]
        },
    )
    const board = boards.find(({ uid }) => uid === panel?.board)
    expect(board?.panels.find(({ id }) => id === panel?.id)?.title).toBe(panel?.title ?? 'none')
  },
)

test('dashboard_url leads to the panel, in the Grafana that the user names', () => {
  const text = renderAlerts({
    ...context,
    dashboardBase: 'https://grafana.example',
    job: 'a b',
  }).get('prometheus-rules.yaml')
  expect(text).toContain(
    'dashboard_url: https://grafana.example/d/rerankscope-gpu?viewPanel=1&var-job=a%20b',
  )
})

test('who has no sidecar is led to no board', () => {
  for (const form of ['prometheus', 'grafana']) {
    const text = [...renderAlerts({ ...context, set: 'tei', job: 'tei', form }).values()].join()
    expect(text).toContain('RerankerLatencyBudgetExceeded')
    expect(text).not.toMatch(/dashboard/)
  }
})
