import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { alertDefaults, alertsOf, renderAlerts, renderRunbooks } from '../../alerts/index.ts'
import { severities } from '../../alerts/rules/rule.ts'
import { durationBounds } from '../../core/metrics.ts'
import { parsePolicy } from '../../core/own-policy.ts'
import { policy } from '../../core/policy.ts'

const root = resolve(import.meta.dirname, '../..')
const shippedRunbooks = join(root, 'alerts/runbooks')
const alerts = alertsOf({ policy, ...alertDefaults })
const named = alerts.map((alert) => ({ name: alert.name, alert }))

test('names are unique and say whose they are', () => {
  const names = alerts.map(({ name }) => name)
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

describe.each(named)('$name', ({ alert }) => {
  test('pages only where users feel it or nobody watches; capacity only advises', () => {
    expect(severities).toContain(alert.severity)
    expect(alert.severity === 'advice').toBe(alert.group === 'capacity')
    if (alert.severity === 'page') expect(alert.name).toMatch(/Budget|TargetDown|Absent/)
  })

  test('the summary is one fixed sentence, the description names its object', () => {
    expect(alert.summary).toMatch(/^[A-Z][^{}]*\.$/)
    expect(alert.description).toContain('{{ $labels.')
    expect(alert.action).toMatch(/\.$/)
  })

  test('looks at one job alone: every selector says which', () => {
    const { text } = alert.query
    for (const { name } of alert.query.metrics) {
      const uses = text.split(new RegExp(`\\b${name}(?:_bucket|_count)?\\b`)).length - 1
      const narrowed = text.match(
        new RegExp(`\\b${name}(?:_bucket|_count)?\\{job="rerankscope"`, 'g'),
      )
      expect(narrowed, name).toHaveLength(uses)
    }
  })

  test('is tested where it must fire and where it must not', () => {
    const expected = alert.tests.flatMap((each) => each.expect)
    expect(expected.some(({ alerts: fired }) => fired.length > 0)).toBe(true)
    expect(expected.some(({ alerts: fired }) => fired.length === 0)).toBe(true)
    expect(alert.tests.length).toBeGreaterThanOrEqual(3)
    expect(new Set(alert.tests.map(({ name }) => name)).size).toBe(alert.tests.length)
  })

  test('has a runbook with its four parts, and the numbers that it stands on', () => {
    const text = readFileSync(join(shippedRunbooks, `${alert.name}.md`), 'utf8')
    expect(text.startsWith(`# ${alert.name}\n`)).toBe(true)
    expect(text).toContain('<!-- generated:alert -->')
    expect(renderRunbooks([alert]).get(`${alert.name}.md`)).toBe(text)
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
  expect(runbooks.toSorted()).toEqual(alerts.map(({ name }) => name).toSorted())
})

test('the committed files are what the policy makes', () => {
  for (const [name, text] of renderAlerts({ policy, ...alertDefaults })) {
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
  expect(renderRunbooks(alerts).get('RerankerGpuUtilizationLow.md')).toContain('| 500 ms')
})

test('the job and the address of the runbooks are the caller’s to choose', () => {
  const files = renderAlerts({ policy, job: 'search', runbookBase: 'https://wiki.example/r/' })
  const text = files.get('prometheus-rules.yaml') ?? ''
  expect(text).not.toContain('job="rerankscope"')
  expect(text).toContain('absent_over_time(up{job="search"}[2m])')
  expect(text).toContain('https://wiki.example/r/RerankscopeAbsent.md')
})
