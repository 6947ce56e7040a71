import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  alertDefaults,
  alertsOf,
  checkRules,
  renderShipped,
  shippedRules,
} from '../../alerts/index.ts'
import {
  renderRules,
  renderRuleTests,
  rulesFileName,
  testsFileName,
} from '../../alerts/forms/prometheus.ts'
import { parsePolicy } from '../../core/own-policy.ts'
import type { AlertRule } from '../../alerts/rules/rule.ts'
import { policy } from '../../core/policy.ts'
import { describeWithProgram } from '../programs.ts'

const only = (alerts: readonly AlertRule[]) => ({ name: 'rerankscope', alerts, records: [] })

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** Writes one alert and its tests, after `change` to the rule alone, and runs promtool over them. */
function checkChanged(name: string, change: (rules: string) => string, set?: string) {
  const context = { policy, ...alertDefaults }
  const alone = alertsOf(context, set).filter((alert) => alert.name === name)
  writeFileSync(join(directory, rulesFileName), change(renderRules(only(alone), context)))
  writeFileSync(join(directory, testsFileName), renderRuleTests(only(alone), context))
  return checkRules(directory)
}

describeWithProgram('promtool', 'the alert rules under promtool', () => {
  test('the rules that ship are valid and pass their tests', async () => {
    const { passed, output } = await checkRules(shippedRules)
    expect(output).toMatch(/SUCCESS: \d+ rules found/)
    expect(passed, output).toBe(true)
  })

  test('a policy of the user’s own passes as well, at half as many scrapes', async () => {
    const own = parsePolicy({
      scaleIn: { utilizationRatio: 0.1, windowSeconds: 240 },
      waste: { utilizationRatio: 0.2, windowSeconds: 600 },
      target: { utilizationRatio: 0.3 },
      scaleOut: { utilizationRatio: 0.45, windowSeconds: 120 },
      p95Seconds: 2,
      budget: { errorRatio: 0.05, minimumRequests: 20 },
      alerting: { evaluationSeconds: 30, faultWindowSeconds: 180, keepFiringSeconds: 60 },
    })
    if ('problems' in own) throw new Error(own.problems.join())
    for (const [name, text] of renderShipped({ ...alertDefaults, policy: own.policy })) {
      writeFileSync(join(directory, name), text)
    }
    const { passed, output } = await checkRules(directory)
    expect(passed, output).toBe(true)
  })

  // The tests are worth something only if they notice. Each line breaks one rule in one way.
  test.each([
    ['RerankerGpuUtilizationHigh', 'a higher line', '> 0.8', '> 0.95'],
    ['RerankerGpuUtilizationHigh', 'a lower line', '> 0.8', '> 0.6'],
    ['RerankerGpuUtilizationHigh', 'a longer window', '[1m]', '[5m]'],
    ['RerankerGpuUtilizationHigh', 'no floor under the observed time', '>= 54', '>= 0'],
    ['RerankerGpuUtilizationHigh', 'advice that never ends', 'firing_for: 3m', 'firing_for: 3h'],
    ['RerankerQueueSaturated', 'a higher line', '> 1)', '> 3)'],
    ['RerankerQueueSaturated', 'hardly any requests', '>= 100', '>= 1'],
    ['RerankerGpuUtilizationLow', 'a lower line', '< 0.4', '< 0.2'],
    ['RerankerGpuUtilizationLow', 'no projection onto one less', '<= 0.7', '<= 70'],
    ['RerankerGpuUtilizationLow', 'the second witness turned round', 'unless on', 'and on'],
    ['RerankerGpuUtilizationWaste', 'idleness without traffic', '>= 100', '>= 0'],
    ['RerankerGpuUtilizationWaste', 'a lower line', '< 0.6', '< 0.2'],
    ['RerankerLatencyBudgetExceeded', 'a budget that is too high', '> 0.5)', '> 5)'],
    ['RerankerLatencyBudgetExceeded', 'a budget that is too low', '> 0.5)', '> 0.3)'],
    ['RerankerErrorBudgetExceeded', 'a budget that is too high', '> 0.01', '> 0.5'],
    ['RerankerErrorBudgetExceeded', 'a budget that is too low', '> 0.01', '> 0.001'],
    ['RerankerErrorBudgetExceeded', 'another severity', 'severity: critical', 'severity: warning'],
    ['RerankerErrorBudgetBurn', 'a fast pace that is too slow', '> 0.144)', '> 0.3)'],
    ['RerankerErrorBudgetBurn', 'a fast pace that is too fast', '> 0.144)', '> 0.07)'],
    ['RerankerErrorBudgetBurn', 'a slow pace that is too slow', '> 0.06)', '> 0.12)'],
    ['RerankerErrorBudgetBurn', 'what is long over', '[30m]', '[6h]'],
    ['RerankerErrorBudgetBurn', 'what is over', '[5m]', '[1h]'],
    ['RerankerErrorBudgetBurn', 'hardly any requests', '>= 100', '>= 1'],
    ['RerankerLatencyBudgetBurn', 'a fast pace that is too slow', '(0.28,', '(0.1,'],
    ['RerankerLatencyBudgetBurn', 'a slow pace that is too slow', '(0.7,', '(0.2,'],
    ['RerankerLatencyBudgetBurn', 'a budget that is too low', '> 0.5)', '> 0.2)'],
    ['RerankerLatencyBudgetBurn', 'what is over', '[30m]', '[6h]'],
    ['RerankscopeGpuDown', 'no floor of samples', '>= 4', '>= 1'],
    ['RerankscopeSourceDown', 'a shorter window', '[2m]) == 0', '[30s]) == 0'],
    ['RerankscopeTargetDown', 'a longer window', '[2m]) == 0', '[10m]) == 0'],
    [
      'RerankscopeTargetDown',
      'one that was taken away',
      'up{job="rerankscope"}\n',
      'last_over_time(up{job="rerankscope"}[2m])\n',
    ],
    ['RerankscopeSidecarDegraded', 'a higher count', '>= 3', '>= 9'],
    ['RerankscopeSidecarDegraded', 'one kind of fault alone', ' or\n', ' and\n'],
    ['RerankscopeGpuMetricsMissing', 'one GPU taken for none', 'unless on', 'and on'],
    ['RerankscopeGpuMetricsMissing', 'a sidecar without GPUs', 'source=~', 'source!~'],
    ['RerankerGpuMemoryErrors', 'corrected errors', 'type="uncorrected"', 'type=~".+"'],
    ['RerankerGpuMemoryErrors', 'a driver that asks for nothing', 'action=~"', 'action=~"none|'],
    ['RerankerGpuUtilizationSkew', 'a mean in place of the distance', 'min by', 'max by'],
    ['RerankerGpuUtilizationSkew', "another server's GPU", 'attribution="none"', 'attribution=""'],
    ['RerankerGpuMemoryHeadroomLow', 'a higher line', '> 0.95', '> 0.99'],
    [
      'RerankerGpuMemoryHeadroomLow',
      'one sample in place of a level',
      'min_over_time',
      'last_over_time',
    ],
    ['RerankerGpuThrottled', 'the power cap', 'reason=~"', 'reason=~"sw_power_cap|'],
    ['RerankerScaleOutBlocked', 'GPUs that have room', '> 0.8', '> 0.1'],
    ['RerankerScaleOutBlocked', "another namespace's GPUs", 'and on (namespace)\n', 'and on ()\n'],
    ['RerankerScaleOutBlocked', 'replicas that came', ' >\n', ' >=\n'],
    ['RerankerBatchOutsideBand', 'a lower band', '< 4', '< 1'],
    ['RerankerBatchOutsideBand', 'large batches that harm nobody', '> 0.5)', '> 0.01)'],
    ['RerankerSlowWhileGpuIdle', 'requests that are fast', '> 0.5)', '> 0.01)'],
    ['RerankerSlowWhileGpuIdle', 'a busy GPU', '< 0.6', '< 1.1'],
    ['RerankerLoadTestRunning', 'a longer window', '[2m]', '[5m]'],
    ['RerankscopeAbsent', 'another job', 'job="rerankscope"', 'job="other"'],
  ])('the tests of %s notice %s', async (name, _, from, to) => {
    const { passed, output } = await checkChanged(name, (rules) => {
      expect(rules).toContain(from)
      return rules.replaceAll(from, to)
    })
    expect(passed).toBe(false)
    expect(output).toContain('FAILED:')
  })

  test.each([
    ['article', 'RerankerGpuUtilizationHigh', 'percent taken for a ratio', ' / 100', ' / 1'],
    ['article', 'RerankerGpuUtilizationHigh', 'a higher line', '> 0.8', '> 0.95'],
    ['article', 'RerankerGpuUtilizationLow', 'the last replica', '<= 0.7', '<= 70'],
    ['article', 'RerankerGpuUtilizationWaste', 'idleness without traffic', '>= 0.05', '>= 0'],
    [
      'article',
      'RerankerLatencyBudgetExceeded',
      'one slow minute',
      'min_over_time',
      'max_over_time',
    ],
    ['tei', 'RerankerErrorBudgetExceeded', 'success taken for failure', '_success', '_count'],
    ['tei', 'RerankerErrorBudgetBurn', 'success taken for failure', '_success', '_count'],
    ['vllm', 'RerankerErrorBudgetBurn', 'errors of the server', '4xx|5xx', '4xx'],
    ['triton', 'RerankerErrorBudgetBurn', 'a slow pace that is too slow', '> 0.06)', '> 0.12)'],
    ['tei', 'RerankerLatencyBudgetExceeded', 'a budget that is too high', '> 0.5)', '> 5)'],
    ['vllm', 'RerankerErrorBudgetExceeded', 'errors of the server', '4xx|5xx', '4xx'],
    ['vllm', 'RerankerLatencyBudgetExceeded', 'another route', '(rerank|score)', 'embeddings'],
    ['vllm', 'RerankerQueueSaturated', 'a higher line', '> 1)', '> 3)'],
    [
      'triton',
      'RerankerServerDown',
      'a job that nobody scrapes',
      'absent_over_time',
      'count_over_time',
    ],
    ['triton', 'RerankerGpuUtilizationWaste', 'a lower line', '< 0.6', '< 0.2'],
    ['triton', 'RerankerGpuMemoryHeadroomLow', 'a higher line', '> 0.95', '> 0.99'],
  ])('in the set %s the tests of %s notice %s', async (set, name, _, from, to) => {
    const changed = (rules: string) => {
      expect(rules).toContain(from)
      return rules.replaceAll(from, to)
    }
    const { passed, output } = await checkChanged(name, changed, set)
    expect(passed).toBe(false)
    expect(output).toContain('FAILED:')
  })
})
