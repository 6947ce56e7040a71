import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alertDefaults, renderAlerts } from '../../alerts/index.ts'
import { guide, type Evidence } from '../../core/guidance.ts'
import { parsePolicy } from '../../core/own-policy.ts'
import { bandsOf, policy, type Policy } from '../../core/policy.ts'
import { compiledModule } from '../../core/program.ts'
import { buildBoards } from '../../dashboards/index.ts'
import { fillPage } from '../../scripts/documents.ts'

/**
 * The policy's numbers live once. Two guards: moving one moves everything that reads it, and the
 * numbers stand nowhere else.
 */
const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const generator = compiledModule('scripts/generate.js')

function made(given: unknown): Policy {
  const result = parsePolicy(given)
  if ('problems' in result) throw new Error(result.problems.join('; '))
  return result.policy
}

describe('scaleOut moved from 0.8 to 0.85', () => {
  const moved = made({ scaleOut: { utilizationRatio: 0.85 } })
  let scratch: string
  let policyFile: string

  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'rerankscope-policy-'))
    policyFile = join(scratch, 'policy.yaml')
    writeFileSync(policyFile, 'scaleOut:\n  utilizationRatio: 0.85\n')
    await run(process.execPath, [generator, '--out', scratch, '--policy', policyFile])
  })
  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true })
  })

  const before = (path: string) => readFileSync(join(root, path), 'utf8')
  const after = (path: string) => readFileSync(join(scratch, path), 'utf8')

  test.each([
    ['alert rules', 'alerts/generated/prometheus-rules.yaml', ') > 0.8\n', ') > 0.85\n'],
    ['the object for the operator', 'alerts/generated/prometheusrule.yaml', '> 0.8\n', '> 0.85\n'],
    ['rules for Grafana', 'alerts/generated/grafana-rules.yaml', '80 % line', '85 % line'],
    ['rules on Triton', 'alerts/generated/triton-prometheus-rules.yaml', '> 0.8\n', '> 0.85\n'],
    [
      'rules on the article’s gauges',
      'alerts/generated/article-prometheus-rules.yaml',
      '> 0.8\n',
      '> 0.85\n',
    ],
    ['rule tests', 'alerts/generated/prometheus-rules.test.yaml', '80 % line', '85 % line'],
    ['board thresholds', 'dashboards/generated/overview.json', '"value": 0.8,', '"value": 0.85,'],
    ['board bands', 'dashboards/generated/overview.json', 'above_80', 'above_85'],
    [
      'HPA tolerances',
      'alerts/generated/autoscaling/hpa-tolerance.yaml',
      'tolerance: "0.143"',
      'tolerance: "0.214"',
    ],
    [
      'KEDA tolerances',
      'alerts/generated/autoscaling/keda-tolerance.yaml',
      'tolerance: "0.143"',
      'tolerance: "0.214"',
    ],
    [
      'KEDA dead band',
      'alerts/generated/autoscaling/keda-deadband.yaml',
      'utilization > 80 ||',
      'utilization > 85 ||',
    ],
    [
      'recorded dead band',
      'alerts/generated/autoscaling/recording-rules.yaml',
      '"reranker"} > 80)',
      '"reranker"} > 85)',
    ],
    ['docs on autoscaling', 'docs/autoscale.md', '| 80 %', '| 85 %'],
    ['GPU board, in percent', 'dashboards/generated/gpu.json', '"value": 80,', '"value": 85,'],
    ['GPU board, in words', 'dashboards/generated/gpu.json', 'at 80 %', 'at 85 %'],
    ['load test board', 'dashboards/generated/load-test.json', '"value": 0.8,', '"value": 0.85,'],
    ['docs on panels', 'docs/panels.md', 'be at 80 %', 'be at 85 %'],
    ['docs on alerts', 'docs/alerts.md', '| 80 %', '| 85 %'],
    ['docs on boards', 'docs/dashboards.md', '| 80 %', '| 85 %'],
    ['docs on metrics', 'docs/metrics.md', '| 80 %', '| 85 %'],
    ['runbook', 'alerts/runbooks/RerankerGpuUtilizationHigh.md', '| 80 %', '| 85 %'],
  ])('%s follow', (_, path, old, replaced) => {
    expect(before(path)).toContain(old)
    expect(before(path)).not.toContain(replaced)
    expect(after(path)).toContain(replaced)
    expect(after(path)).not.toContain(old)
  })

  test('--check names each file that differs, and fails', async () => {
    const failed = await run(process.execPath, [generator, '--check', '--policy', policyFile]).then(
      () => undefined,
      (error: unknown) => error as { readonly code: number; readonly stderr: string },
    )
    expect(failed?.code).toBe(1)
    expect(failed?.stderr).toContain('alerts/generated/prometheus-rules.yaml differs')
    expect(failed?.stderr).toContain('dashboards/generated/overview.json differs')
    expect(failed?.stderr).toContain('docs/alerts.md differs')
  })

  test('without it the committed files are up to date', async () => {
    const { stdout } = await run(process.execPath, [generator, '--check'])
    expect(stdout).toMatch(/^generated: \d+ files compared, 0 differ\n$/)
  })

  test('verdicts and band names follow', () => {
    const evidence: Evidence = {
      measurable: true,
      utilization: (windowSeconds) => ({ observedSeconds: windowSeconds, meanRatio: 0.82 }),
      emulated: false,
      queriesPerSecond: 5,
      p95Seconds: undefined,
      queuePairs: undefined,
      powerRatio: undefined,
    }
    expect(guide(evidence, policy).state).toBe('scale_out')
    expect(guide(evidence, moved).state).toBe('healthy')
    expect(bandsOf(moved).map(({ name }) => name)).toEqual([
      'below_40',
      '40_60',
      '60_85',
      'above_85',
    ])
  })
})

describe('every number of the policy is read by something', () => {
  const leaves = Object.entries(policy as unknown as Record<string, unknown>).flatMap(
    ([key, value]): readonly (readonly [string, number, unknown])[] =>
      typeof value === 'number'
        ? [[key, value, { [key]: nudged(value) }]]
        : Object.entries(value as Record<string, number>).map(
            ([inner, number]) =>
              [`${key}.${inner}`, number, { [key]: { [inner]: nudged(number) } }] as const,
          ),
  )

  test.each(leaves)('%s', async (_, __, given) => {
    expect(await everything(made(given))).not.toBe(await everything(policy))
  })

  /** A whole number stays one, a ratio stays between its neighbours. */
  function nudged(value: number): number {
    return Number.isInteger(value) ? value + 1 : Number((value * 1.05).toPrecision(3))
  }

  async function everything(of: Policy): Promise<string> {
    const boards = await buildBoards(of)
    const page = '<!-- generated:policy -->\n<!-- /generated -->\n'
    return [
      ...renderAlerts({ ...alertDefaults, policy: of }).values(),
      ...boards.map(({ json }) => json),
      fillPage(page, { policy: of, boards }),
    ].join('\n')
  }
})

describe('the numbers stand nowhere else', () => {
  /** Ratios anywhere; percentages where they are compared, or name a line or a band. */
  const forbidden = [
    /(?<![\w.])0?\.[4678]0*(?![\w.])/,
    /[<>]=?\s*(40|60|70|80)\b/,
    /\b(40|60|70|80)\s*(%|percent)/i,
    /(threshold|utili[sz]ation|scale[- _]?(in|out)|waste).*\b(40|60|70|80)\b/i,
    /\b(below|above)_\d|\b\d0_\d0\b/,
  ]
  const excused: readonly { file: string; text: string; reason: string }[] = [
    {
      file: 'loadgen/measure/poller.ts',
      text: 'multiples of 0.2 s and 0.4 s',
      reason: 'the seconds between the instants of the profiles',
    },
    {
      file: 'loadgen/measure/progress.ts',
      text: 'multiples of 0.2 s and 0.4 s',
      reason: 'the seconds between the instants of the profiles',
    },
    {
      file: 'loadgen/measure/progress.ts',
      text: 'phaseSeconds = 0.7',
      reason: 'the phase of the progress line, in seconds',
    },
  ]
  const folders = ['sidecar', 'loadgen', 'dashboards', 'alerts']
  const lines = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .map((text, at) => ({ file, text, number: at + 1 })),
      ),
  )
  const found = lines.filter(({ text }) => forbidden.some((pattern) => pattern.test(text)))
  const isExcused = (line: { file: string; text: string }) =>
    excused.some(({ file, text }) => line.file === file && line.text.includes(text))

  test('in no program', () => {
    expect(
      found
        .filter((line) => !isExcused(line))
        .map(({ file, number, text }) => `${file}:${String(number)}: ${text.trim()}`),
    ).toEqual([])
    for (const folder of folders) {
      expect(lines.some(({ file }) => file.startsWith(`${folder}/`))).toBe(true)
    }
  })

  test('every excuse is still needed, and has a reason', () => {
    for (const { file, text, reason } of excused) {
      expect(
        found.some((line) => line.file === file && line.text.includes(text)),
        file,
      ).toBe(true)
      expect(reason).not.toBe('')
    }
  })

  test.each([
    'if (utilizationRatio > 0.8) scaleOut()',
    "expr: 'avg(nvidia_smi_gpu_utilization) > 80'",
    'const line = .4',
    "thresholds: [{ value: 60, color: 'green' }]",
    "band: 'below_40'",
    '// waste is under 60 %',
  ])('the scan sees: %s', (text) => {
    expect(forbidden.some((pattern) => pattern.test(text))).toBe(true)
  })

  test.each(['timeoutSeconds: 60', 'documentCounts: [10, 20, 30, 40, 50]', 'step: 0.45'])(
    'the scan lets pass: %s',
    (text) => {
      expect(forbidden.some((pattern) => pattern.test(text))).toBe(false)
    },
  )
})
