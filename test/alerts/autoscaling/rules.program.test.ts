import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { autoscaling } from '../../../alerts/index.ts'
import { promtool } from '../../../alerts/promtool.ts'
import { policy } from '../../../core/policy.ts'
import { describeWithProgram } from '../../programs.ts'

const labels = 'namespace="rerank", job="rerankscope"'
type Given = Parameters<typeof autoscaling.manifestOptionsOf>[1]

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** A GPU that is busy for `ratio` of the time, of a sidecar whose sources answer or do not. */
function gpu(instance: string, ratio: number, up: 0 | 1 = 1) {
  const of = `${labels}, instance="${instance}"`
  return [
    {
      series: `rerankscope_gpu_busy_seconds_total{${of}, gpu_uuid="${instance}"}`,
      values: `0+${String(ratio * 15)}x40`,
    },
    {
      series: `rerankscope_gpu_observed_seconds_total{${of}, gpu_uuid="${instance}"}`,
      values: '0+15x40',
    },
    { series: `rerankscope_source_up{${of}, source="nvidia-smi"}`, values: '1x40' },
    { series: `rerankscope_source_up{${of}, source="tei"}`, values: `${String(up)}x40` },
  ]
}

/** Requests that wait and batches that compute for so long each, in seconds. */
function stages(queueSeconds: number, inferSeconds: number) {
  const of = (part: string, stage: string) =>
    `reranker_stage_duration_seconds_${part}{${labels}, instance="a", stage="${stage}"}`
  return [
    { series: of('sum', 'queue'), values: `0+${String(queueSeconds * 80)}x40` },
    { series: of('count', 'queue'), values: '0+80x40' },
    { series: of('sum', 'infer'), values: `0+${String(inferSeconds * 10)}x40` },
    { series: of('count', 'infer'), values: '0+10x40' },
  ]
}

/** What the rules record of `series` after ten minutes; undefined where they record nothing. */
async function check(
  series: readonly { readonly series: string; readonly values: string }[],
  expected: Readonly<Record<string, number | undefined>>,
  given: Given = {},
) {
  const files = autoscaling.renderAutoscaling(autoscaling.manifestOptionsOf(policy, given))
  const { spec } = parse(files.get('recording-rules.yaml') ?? '') as { spec: unknown }
  writeFileSync(join(directory, 'rules.yaml'), stringify(spec))
  const record = (expr: string, value: number | undefined) => ({
    expr,
    eval_time: '10m',
    exp_samples:
      value === undefined
        ? []
        : [{ labels: `${expr}{namespace="rerank", deployment="reranker"}`, value }],
  })
  const test = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '15s',
    tests: [
      {
        interval: '15s',
        input_series: series,
        promql_expr_test: Object.entries(expected).map(([expr, value]) => record(expr, value)),
      },
    ],
  }
  writeFileSync(join(directory, 'rules.test.yaml'), stringify(test))
  return promtool(['test', 'rules', 'rules.test.yaml'], directory)
}

const mean = 'namespace:rerankscope_gpu_utilization_percent:mean'
const deadband = 'namespace:rerankscope_gpu_utilization_percent:deadband'
const queue = 'namespace:reranker_queue_per_compute:ratio'

describeWithProgram('promtool', 'the recorded series under promtool', () => {
  test('promtool accepts the rules, of every second metric', async () => {
    for (const secondMetric of autoscaling.secondMetrics) {
      await check([], {}, { secondMetric })
      const { passed, output } = await promtool(['check', 'rules', 'rules.yaml'], directory)
      expect(passed, output).toBe(true)
    }
  })

  test.each([
    ['above the upper line it is itself', [0.875], 87.5, 87.5],
    ['between the lines it is the target', [0.5], 50, 70],
    ['below the lower line it is itself', [0.25], 25, 25],
    ['two GPUs count as their mean', [1, 0.5], 75, 70],
  ])('%s', async (_, ratios, percent, banded) => {
    const series = ratios.flatMap((ratio, at) => gpu(`gpu-${String(at)}`, ratio))
    const { passed, output } = await check(series, { [mean]: percent, [deadband]: banded })
    expect(passed, output).toBe(true)
  })

  test('a replica that still loads its model does not pull the mean down', async () => {
    const { passed, output } = await check([...gpu('a', 0.875), ...gpu('b', 0, 0)], {
      [mean]: 87.5,
    })
    expect(passed, output).toBe(true)
  })

  test('without a sample there is no value, and not 0', async () => {
    const nothing = { [mean]: undefined, [deadband]: undefined, [queue]: undefined }
    const { passed, output } = await check([...gpu('a', 0.875, 0)], nothing)
    expect(passed, output).toBe(true)
  })

  test.each([
    ['half a batch of waiting', stages(0.0625, 0.125), 0.5],
    ['more than it counts', stages(10, 0.125), 1.5],
    ['no traffic', stages(0, 0).map((one) => ({ ...one, values: '0x40' })), 0],
  ])('queue per compute: %s', async (_, series, ratio) => {
    const { passed, output } = await check(series, { [queue]: ratio })
    expect(passed, output).toBe(true)
  })

  test('queue per compute of Triton’s own counters, and 0 without traffic', async () => {
    const counters = (queueStep: number, computeStep: number) => [
      {
        series: 'nv_inference_queue_duration_us{namespace="rerank", job="triton", model="m"}',
        values: `0+${String(queueStep)}x40`,
      },
      {
        series:
          'nv_inference_compute_infer_duration_us{namespace="rerank", job="triton", model="m"}',
        values: `0+${String(computeStep)}x40`,
      },
    ]
    for (const [series, ratio] of [
      [counters(300_000, 400_000), 0.75],
      [counters(0, 0), 0],
    ] as const) {
      const { passed, output } = await check(series, { [queue]: ratio }, { secondMetric: 'triton' })
      expect(passed, output).toBe(true)
    }
  })

  test('the tests notice another value', async () => {
    const { passed } = await check(gpu('a', 0.5), { [deadband]: 50 })
    expect(passed).toBe(false)
  })
})
