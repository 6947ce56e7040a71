import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { alertDefaults, alertsOf } from '../../alerts/index.ts'
import {
  renderRules,
  renderRuleTests,
  rulesFileName,
  testsFileName,
} from '../../alerts/forms/prometheus.ts'
import type { AlertRule } from '../../alerts/rules/rule.ts'
import { policy } from '../../core/policy.ts'
import { compiledModule } from '../../core/program.ts'
import { describeWithProgram } from '../programs.ts'

const only = (alerts: readonly AlertRule[]) => ({ name: 'rerankscope', alerts, records: [] })

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function cli(words: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [compiledModule('cli.js'), ...words],
    { encoding: 'utf8', env: environment, timeout: 25_000 },
  )
  return { status, stdout, stderr }
}

test('check without promtool says what to install, and exits 3', () => {
  const { status, stdout, stderr } = cli(['alerts', 'check'], { PATH: directory })
  expect({ status, stdout }).toEqual({ status: 3, stdout: '' })
  expect(stderr).toBe(
    'rerankscope: promtool is not on PATH; it comes with Prometheus (Debian: `apt-get install prometheus`).\n',
  )
})

test('check of a folder that holds no rules names the folder, and exits 2', () => {
  const { status, stderr } = cli(['alerts', 'check', '--dir', join(directory, 'none')])
  expect(status).toBe(2)
  expect(stderr).toContain('none holds no prometheus-rules.yaml')
})

test('a folder that cannot be made is refused in one sentence', () => {
  writeFileSync(join(directory, 'file'), '')
  const { status, stderr } = cli(['alerts', 'export', '--out', join(directory, 'file')])
  expect(status).toBe(2)
  expect(stderr).toMatch(/^rerankscope: --out .*file cannot be written to: .*\n$/)
})

test('export with a policy of one’s own: rules, tests and runbooks agree', () => {
  const policy = join(directory, 'policy.yaml')
  writeFileSync(policy, 'scaleOut: { utilizationRatio: 0.85 }\n')
  const out = join(directory, 'out')
  expect(cli(['alerts', 'export', '--out', out, '--policy', policy]).status).toBe(0)
  expect(readdirSync(out)).toEqual([
    'prometheus-rules.test.yaml',
    'prometheus-rules.yaml',
    'runbooks',
  ])
  const runbook = readFileSync(join(out, 'runbooks/RerankerGpuUtilizationHigh.md'), 'utf8')
  expect(runbook).toContain('85 %')
  expect(runbook).not.toContain('80 %')
  writeFileSync(policy, 'scaleOut: { utilizationRatio: 85 }\n')
  const refused = cli(['alerts', 'export', '--out', out, '--policy', policy])
  expect(refused.status).toBe(2)
  expect(refused.stderr).toContain('scaleOut.utilizationRatio')
})

test('export for the operator: the object with its labels, and the runbooks', () => {
  const out = join(directory, 'out')
  const words = ['alerts', 'export', '--out', out, '--format', 'prometheusrule', '--rules', 'tei']
  expect(cli([...words, '--label', 'release=prometheus', '--label', 'team=search'])).toMatchObject({
    status: 0,
    stderr: '',
  })
  expect(readdirSync(out)).toEqual(['runbooks', 'tei-prometheusrule.yaml'])
  expect(readdirSync(join(out, 'runbooks'))).toContain('RerankerServerDown.md')
  const text = readFileSync(join(out, 'tei-prometheusrule.yaml'), 'utf8')
  expect(text).toContain('    release: prometheus\n    team: search\n')
  // The set's own job, as nobody named another.
  expect(text).toContain('te_request_duration_count{job="tei"}')
  const refused = cli([...words, '--label', 'release'])
  expect(refused.status).toBe(2)
  expect(refused.stderr).toBe(
    'rerankscope: --label release is no label of Kubernetes: write KEY=VALUE.\n',
  )
})

describeWithProgram('promtool', 'rerankscope alerts check', () => {
  // All of them take a minute: see the long suite. Of an ill rule the tests are not run.
  test('passes for rules that hold', () => {
    const context = { policy, ...alertDefaults }
    const alone = alertsOf(context).slice(0, 1)
    writeFileSync(join(directory, rulesFileName), renderRules(only(alone), context))
    writeFileSync(join(directory, testsFileName), renderRuleTests(only(alone), context))
    const { status, stdout } = cli(['alerts', 'check', '--dir', directory])
    expect(stdout).toMatch(/SUCCESS: 1 rules found[\s\S]*SUCCESS/)
    expect(status).toBe(0)
  })

  test('fails for rules that somebody broke, and shows what promtool says', () => {
    const out = join(directory, 'out')
    mkdirSync(out)
    expect(cli(['alerts', 'export', '--out', out]).status).toBe(0)
    const rules = join(out, 'prometheus-rules.yaml')
    writeFileSync(rules, readFileSync(rules, 'utf8').replace('histogram_quantile(', 'histogram('))
    const { status, stdout } = cli(['alerts', 'check', '--dir', out])
    expect(status).toBe(1)
    expect(stdout).toContain('unknown function')
  })
})
