import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  alertDefaults,
  alertsOf,
  everyAlert,
  renderAlerts,
  renderRunbooks,
  renderShipped,
  ruleSetChoices,
} from '../../alerts/index.ts'
import { gpuSourceNames } from '../../alerts/rules/gpu-metrics-missing.ts'
import type { AlertRule, Group, RuleTest, Severity } from '../../alerts/rules/rule.ts'
import { articleMetricNames, catalogue, durationBounds, type Metric } from '../../core/metrics.ts'
import { parsePolicy } from '../../core/own-policy.ts'
import { policy } from '../../core/policy.ts'
import { scrapeUp } from '../../core/promql.ts'
import { gpuChoices } from '../../sidecar/sources/index.ts'

const root = resolve(import.meta.dirname, '../..')
const shippedRunbooks = join(root, 'alerts/runbooks')
const context = { policy, ...alertDefaults }
const alerts = alertsOf(context)
const sets = ruleSetChoices.map(({ name: set, job }) => ({
  set,
  job,
  alerts: alertsOf({ ...context, job }, set),
}))
const named = sets.flatMap(({ set, job, alerts: members }) =>
  members.map((alert) => ({ set, job, name: alert.name, alert })),
)

test.each(sets)('names are unique and say whose they are: $set', ({ alerts: members }) => {
  const names = members.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^(Reranker|Rerankscope)([A-Z][a-z0-9]*)+$/)
})

test('every file of alerts/rules stands in the list', () => {
  const folder = join(root, 'alerts/rules')
  const files = readdirSync(folder).filter((file) => !['index.ts', 'rule.ts'].includes(file))
  const list = readFileSync(join(folder, 'index.ts'), 'utf8')
  expect(files.filter((file) => !list.includes(`'./${file}'`))).toEqual([])
  expect(alerts).toHaveLength(files.length)
})

/** What reads the pages of other servers: a rule that names what nobody reads would name nothing. */
const readers = ['sources', 'normalise']
  .flatMap((folder) => {
    const path = join(root, 'sidecar', folder)
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => readFileSync(join(path, name), 'utf8'))
  })
  .join('\n')
  // The one family whose names are put together.
  .replace(
    '`te_request_${name}_duration`',
    "'te_request_queue_duration' 'te_request_inference_duration'",
  )
const foreign = (name: string) =>
  articleMetricNames.includes(name) || new RegExp(`['"\`]${name}['"\`]`).test(readers)

/** A metric's name with what a histogram appends to it. */
const usesOf = ({ name }: Metric) => new RegExp(`\\b${name}(?:_bucket|_count|_sum)?\\b`)

const oneSampleIsEnough = [
  'RerankscopeAbsent',
  'RerankerGpuMemoryErrors',
  'RerankerLoadTestRunning',
]

/** How near to the instant at which a rule turns its tests must look, in evaluations. */
const nearSteps = 5

const fires = ({ alerts: expected }: RuleTest['expect'][number]) => expected.length > 0
const gpusIn = (test: RuleTest) =>
  new Set(test.series.flatMap(({ series }) => /gpu_uuid="([^"]+)"/.exec(series)?.[1] ?? []))

/** What the tests of every rule must hold. Read from the tests themselves, so that no rule escapes. */
const cases: readonly (readonly [string, (alert: AlertRule) => boolean])[] = [
  [
    'just before and just after it fires',
    ({ tests }) =>
      tests.some(({ expect: moments }) =>
        moments.some((moment, at) => {
          const next = moments[at + 1]
          return (
            next !== undefined &&
            !fires(moment) &&
            fires(next) &&
            next.atSeconds - moment.atSeconds <= nearSteps * policy.alerting.evaluationSeconds
          )
        }),
      ),
  ],
  [
    'through a gap, after which it fires',
    ({ tests }) =>
      tests.some(
        (test) =>
          test.series.some(({ values }) => values.includes('_x')) && test.expect.some(fires),
      ),
  ],
  [
    'word by word, with its labels and values',
    ({ tests }) =>
      tests.some((test) =>
        test.expect.some((moment) => moment.alerts.some(({ description }) => description)),
      ),
  ],
  ['where it must stay silent', ({ tests }) => tests.some((test) => !test.expect.some(fires))],
  [
    'with two GPUs, where it looks at GPUs',
    ({ query, tests }) =>
      !query.metrics.some(({ labels }) => labels.includes('gpu_uuid')) ||
      tests.some((test) => gpusIn(test).size >= 2),
  ],
]

test('every file of alerts/sets stands in the list', () => {
  const files = readdirSync(join(root, 'alerts/sets')).filter((file) => file !== 'set.ts')
  expect(files.map((file) => file.replace('.ts', '')).toSorted()).toEqual(
    ruleSetChoices.map(({ name }) => name).toSorted(),
  )
})

test('vLLM has no rule on latency where its three buckets cannot tell', () => {
  const own = parsePolicy({ p95Seconds: 0.3 })
  if ('problems' in own) throw new Error(own.problems.join())
  const names = (of: typeof policy) =>
    alertsOf({ ...context, policy: of }, 'vllm').map(({ name }) => name)
  expect(names(policy)).toContain('RerankerLatencyBudgetExceeded')
  expect(names(own.policy)).not.toContain('RerankerLatencyBudgetExceeded')
})

describe.each(named)('$set: $name', ({ set, job, alert }) => {
  test('symptoms page, saturation warns, capacity advises', () => {
    const allowed: Readonly<Record<Group, readonly Severity[]>> = {
      serving: ['critical'],
      health: ['critical', 'warning'],
      saturation: ['warning'],
      capacity: ['info'],
      load: ['info'],
    }
    expect(allowed[alert.group]).toContain(alert.severity)
    if (alert.severity === 'critical') expect(alert.name).toMatch(/Budget|Down$|Absent/)
  })

  test('the summary is one fixed sentence, the description names its object', () => {
    expect(alert.summary).toMatch(/^[A-Z][^{}]*\.$/)
    expect(alert.description).toContain('{{ $labels.')
    expect(alert.action).toMatch(/\.$/)
  })

  test('looks at one job alone: every selector says which, but for what is said to lie beyond', () => {
    const { query, beyondJob } = alert
    const beyond = beyondJob?.metrics ?? []
    if (beyondJob !== undefined) expect(beyondJob.why).toMatch(/\w+ \w+/)
    for (const { name } of beyond) expect(query.text).toContain(name)
    for (const metric of query.metrics.filter((each) => !beyond.includes(each))) {
      const known = set === 'rerankscope' ? catalogue.includes(metric) : foreign(metric.name)
      expect(known || metric === scrapeUp, metric.name).toBe(true)
      const uses = query.text.split(usesOf(metric)).length - 1
      const narrowed = query.text.match(new RegExp(`${usesOf(metric).source}\\{job="${job}"`, 'g'))
      expect(narrowed, metric.name).toHaveLength(uses)
    }
  })

  test('holds a window of its own and a floor of what must have been seen', () => {
    const { text } = alert.query
    expect(text).toMatch(/\[\d+[smh]\]/)
    // Of these one sample is enough: what they look for leaves no more.
    if (!oneSampleIsEnough.includes(alert.name)) expect(text).toMatch(/>= \d/)
  })

  test.each(cases)('is tested %s', (_, holds) => {
    expect(holds(alert)).toBe(true)
  })

  test('the names of its tests are unique', () => {
    expect(new Set(alert.tests.map(({ name }) => name)).size).toBe(alert.tests.length)
  })

  test('has a runbook with its four parts, and the numbers that it stands on', () => {
    const text = readFileSync(join(shippedRunbooks, `${alert.name}.md`), 'utf8')
    expect(text.startsWith(`# ${alert.name}\n`)).toBe(true)
    expect(text).toContain('<!-- generated:alert -->')
    expect(renderRunbooks([alert], { ...context, job }).get(`${alert.name}.md`)).toBe(text)
    const parts = text.split(/^## /m).slice(1)
    expect(parts.map((part) => part.split('\n')[0])).toEqual([
      'Meaning',
      'Impact',
      'Diagnosis',
      'Mitigation',
    ])
    for (const part of parts) expect(part.split('\n').slice(1).join('').trim()).not.toBe('')
  })
})

test('every runbook has its alert', () => {
  const runbooks = readdirSync(shippedRunbooks).map((file) => file.replace(/\.md$/, ''))
  expect(runbooks.toSorted()).toEqual(
    everyAlert(context)
      .map(({ name }) => name)
      .toSorted(),
  )
})

test('the sources that watch GPUs are those that the sidecar has', () => {
  const names = gpuChoices.map((choice) => choice.replace(/:.*/, ''))
  expect(names.filter((name) => name !== 'auto' && name !== 'none').toSorted()).toEqual(
    gpuSourceNames.toSorted(),
  )
})

test('the committed files are what the policy makes', () => {
  for (const [name, text] of renderShipped(context)) {
    expect(readFileSync(join(root, 'alerts/generated', name), 'utf8')).toBe(text)
  }
})

test.each([durationBounds[1], durationBounds.at(-2)])(
  'the rules can be written for every p95 that a policy may name, %d s as well',
  (p95Seconds) => {
    const own = parsePolicy({ p95Seconds, scaleOut: { windowSeconds: 61 } })
    if ('problems' in own) throw new Error(own.problems.join())
    const rules = renderAlerts({ ...alertDefaults, policy: own.policy }).get(
      'prometheus-rules.yaml',
    )
    expect(rules).toContain(`> ${String(Number(p95Seconds?.toPrecision(12)))})`)
    expect(rules).toContain('[61s]')
  },
)

test('the runbook says the p95 as every other page does', () => {
  expect(renderRunbooks(alerts, context).get('RerankerGpuUtilizationLow.md')).toContain('| 500 ms')
})

test('the job and the address of the runbooks are the caller’s to choose', () => {
  const files = renderAlerts({
    ...context,
    job: 'search',
    runbookBase: 'https://wiki.example/r/',
  })
  const text = files.get('prometheus-rules.yaml') ?? ''
  expect(text).not.toContain('job="rerankscope"')
  expect(text).toContain('absent_over_time(up{job="search"}[2m])')
  expect(text).toContain('https://wiki.example/r/RerankscopeAbsent.md')
})
