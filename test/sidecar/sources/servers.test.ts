import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ServingSample } from '../../../core/snapshot.ts'
import { parsePrometheusText } from '../../../sidecar/normalise/prometheus-text.ts'
import { servingSources } from '../../../sidecar/sources/index.ts'
import type { ServingContext } from '../../../sidecar/sources/source.ts'

interface Case {
  readonly server: string
  readonly page: string
  readonly context?: ServingContext
  readonly expected: ServingSample
}

/** Pages of our own making in each server's names; the expected figures are computed by hand. */
const cases: readonly Case[] = [
  {
    server: 'tei',
    page: `
# TYPE te_request_count counter
te_request_count{method="batch"} 13
te_request_count{method="single"} 4
te_request_success{method="batch"} 10
te_request_failure{err="overloaded"} 30
te_request_failure{err="batch_size"} 2
te_predict_success 200
te_queue_size 5
te_request_duration_bucket{le="0.04"} 4
te_request_duration_bucket{le="0.06"} 10
te_request_duration_bucket{le="+Inf"} 10
te_request_duration_sum 0.5
te_request_duration_count 10
te_request_tokenization_duration_bucket{le="+Inf"} 10
te_request_tokenization_duration_sum 0.01
te_request_tokenization_duration_count 10
te_batch_next_size_bucket{le="1"} 8
te_batch_next_size_bucket{le="32"} 15
te_batch_next_size_bucket{le="+Inf"} 15
te_batch_next_size_sum 200
te_batch_next_size_count 15
te_batch_next_tokens_bucket{le="1"} 7
te_batch_next_tokens_bucket{le="8192"} 15
te_batch_next_tokens_bucket{le="+Inf"} 15
te_batch_next_tokens_sum 50000
te_batch_next_tokens_count 15
`,
    context: { beside: { model_id: 'BAAI/bge-reranker-v2-m3', model_dtype: 'float16' } },
    expected: {
      server: 'tei',
      model: 'BAAI/bge-reranker-v2-m3',
      dtype: 'float16',
      requests: 13,
      errors: { batch_size: 2 },
      failedPairs: { overloaded: 30 },
      pairs: 200,
      tokens: 50_000,
      requestDuration: { bounds: [0.04, 0.06], counts: [4, 6, 0], sum: 0.5 },
      stages: { tokenise: { bounds: [], counts: [10], sum: 0.01 } },
      documentsPerQuery: { bounds: [], counts: [10], sum: 200 },
      // 15 recorded, 7 of them with no token: 8 real batches, one of them of a single pair.
      batchPairs: { bounds: [1, 32], counts: [1, 7, 0], sum: 200 },
      queuePairs: 5,
    },
  },
  { server: 'tei', page: '', expected: { server: 'tei' } },
  {
    server: 'vllm',
    page: `
vllm:num_requests_running{engine="0",model_name="m"} 3
vllm:num_requests_running{engine="1",model_name="m"} 4
vllm:num_requests_waiting{engine="0",model_name="m"} 9
vllm:num_requests_waiting{engine="1",model_name="m"} 1
vllm:prompt_tokens_total{engine="0",model_name="m"} 1000
vllm:prompt_tokens_total{engine="1",model_name="m"} 500
vllm:request_success_total{engine="0",finished_reason="stop",model_name="m"} 60
vllm:request_success_total{engine="1",finished_reason="length",model_name="m"} 20
vllm:request_success_total{engine="0",finished_reason="abort",model_name="m"} 6
vllm:iteration_tokens_total_count{engine="0",model_name="m"} 16
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.04",model_name="m"} 10
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="m"} 60
vllm:time_to_first_token_seconds_bucket{engine="1",le="0.04",model_name="m"} 5
vllm:time_to_first_token_seconds_bucket{engine="1",le="+Inf",model_name="m"} 20
vllm:time_to_first_token_seconds_sum{engine="0",model_name="m"} 3
vllm:time_to_first_token_seconds_sum{engine="1",model_name="m"} 1
vllm:request_queue_time_seconds_sum{engine="0",model_name="m"} 2.5
vllm:request_queue_time_seconds_count{engine="0",model_name="m"} 80
vllm:e2e_request_latency_seconds_count{engine="0",model_name="m"} 80
http_requests_total{handler="/v1/rerank",method="POST",status="2xx"} 4
http_requests_total{handler="/score",method="POST",status="2xx"} 1
http_requests_total{handler="/score",method="POST",status="4xx"} 2
http_requests_total{handler="/health",method="GET",status="2xx"} 900
http_request_duration_seconds_bucket{handler="/v1/rerank",le="0.1",method="POST"} 3
http_request_duration_seconds_bucket{handler="/v1/rerank",le="+Inf",method="POST"} 4
http_request_duration_seconds_bucket{handler="/health",le="0.1",method="GET"} 900
http_request_duration_seconds_bucket{handler="/health",le="+Inf",method="GET"} 900
http_request_duration_seconds_sum{handler="/v1/rerank",method="POST"} 0.4
http_request_duration_seconds_sum{handler="/health",method="GET"} 0.9
`,
    expected: {
      server: 'vllm',
      model: 'm',
      requests: 7,
      errors: { '4xx': 2 },
      requestDuration: { bounds: [0.1], counts: [3, 1], sum: 0.4 },
      pairs: 80,
      failedPairs: { abort: 6 },
      tokens: 1500,
      pairDuration: { bounds: [0.04], counts: [15, 65], sum: 4 },
      stages: { queue: { bounds: [], counts: [80], sum: 2.5 } },
      documentsPerQuery: { bounds: [], counts: [5], sum: 80 },
      batchPairs: { bounds: [], counts: [16], sum: 80 },
      queuePairs: 10,
      inFlightPairs: 7,
    },
  },
  {
    server: 'triton',
    page: `
nv_inference_request_success{model="bge",version="1"} 40
nv_inference_request_success{model="tokenizer",version="1"} 41
nv_inference_request_failure{model="bge",reason="REJECTED",version="1"} 2
nv_inference_request_failure{model="tokenizer",reason="OTHER",version="1"} 7
nv_inference_count{model="bge",version="1"} 800
nv_inference_exec_count{model="bge",version="1"} 50
nv_inference_request_duration_us{model="bge",version="1"} 2000000
nv_inference_queue_duration_us{model="bge",version="1"} 500000
nv_inference_compute_infer_duration_us{model="bge",version="1"} 1250000
nv_inference_pending_request_count{model="bge",version="1"} 6
nv_cache_num_hits_per_model{model="bge",version="1"} 3
nv_gpu_utilization{gpu_uuid="GPU-x"} 0.5
`,
    context: { model: 'bge' },
    expected: {
      server: 'triton',
      model: 'bge',
      requests: 42,
      errors: { REJECTED: 2 },
      pairs: 800,
      requestDuration: { bounds: [], counts: [40], sum: 2 },
      stages: {
        queue: { bounds: [], counts: [40], sum: 0.5 },
        infer: { bounds: [], counts: [40], sum: 1.25 },
      },
      documentsPerQuery: { bounds: [], counts: [40], sum: 800 },
      batchPairs: { bounds: [], counts: [50], sum: 800 },
      queueRequests: 6,
      cacheHits: { response: 3 },
    },
  },
  {
    server: 'xinference',
    page: `
xinference:model_request_total{model_uid="r",model_type="rerank",replica_index="0"} 10
xinference:model_request_total{model_uid="r",model_type="rerank",replica_index="1"} 5
xinference:model_request_total{model_uid="e",model_type="embedding",replica_index="0"} 99
xinference:model_request_errors_total{model_uid="r",model_type="rerank",replica_index="0"} 1
xinference:model_request_errors_total{model_uid="e",model_type="embedding",replica_index="0"} 9
xinference:model_request_duration_seconds_bucket{model_uid="r",model_type="rerank",replica_index="0",le="0.1"} 7
xinference:model_request_duration_seconds_bucket{model_uid="r",model_type="rerank",replica_index="0",le="+Inf"} 9
xinference:model_request_duration_seconds_sum{model_uid="r",model_type="rerank",replica_index="0"} 0.8
xinference:model_serve_count{model_uid="r",model_type="rerank",replica_index="0"} 2
xinference:model_serve_count{model_uid="e",model_type="embedding",replica_index="0"} 8
`,
    expected: {
      server: 'xinference',
      model: 'r',
      requests: 15,
      errors: { failed: 1 },
      requestDuration: { bounds: [0.1], counts: [7, 2], sum: 0.8 },
      inFlightRequests: 2,
    },
  },
  {
    server: 'llamacpp',
    page: `
llamacpp:prompt_tokens_total 12000
llamacpp:prompt_seconds_total 1.5
llamacpp:n_decode_total 30
llamacpp:requests_processing 4
llamacpp:requests_deferred 11
`,
    expected: {
      server: 'llamacpp',
      tokens: 12_000,
      stages: { infer: { bounds: [], counts: [30], sum: 1.5 } },
      queuePairs: 11,
      inFlightPairs: 4,
    },
  },
  {
    server: 'infinity',
    page: `
http_requests_total{handler="/rerank",method="POST",status="2xx"} 20
http_requests_total{handler="/rerank",method="POST",status="5xx"} 1
http_requests_total{handler="/rerank",method="GET",status="4xx"} 3
http_requests_total{handler="/models",method="GET",status="2xx"} 80
http_request_duration_seconds_bucket{handler="/rerank",le="0.1",method="POST"} 18
http_request_duration_seconds_bucket{handler="/rerank",le="0.5",method="POST"} 21
http_request_duration_seconds_bucket{handler="/rerank",le="+Inf",method="POST"} 21
http_request_duration_seconds_sum{handler="/rerank",method="POST"} 1.2
http_request_duration_highr_seconds_bucket{le="+Inf"} 104
http_request_duration_highr_seconds_sum 2
`,
    context: {
      beside: {
        data: [
          { id: 'e', capabilities: ['embed'], stats: { queue_absolute: 70 } },
          {
            id: 'r',
            capabilities: ['rerank'],
            device: 'cuda',
            dtype: 'float16',
            stats: { queue_fraction: 0.001, queue_absolute: 32 },
          },
        ],
      },
    },
    expected: {
      server: 'infinity',
      model: 'r',
      device: 'cuda',
      dtype: 'float16',
      requests: 21,
      errors: { '5xx': 1 },
      requestDuration: { bounds: [0.1, 0.5], counts: [18, 3, 0], sum: 1.2 },
      queuePairs: 32,
    },
  },
]

const recognised = (text: string) => {
  const page = parsePrometheusText(text)
  return { page, member: servingSources.find((each) => each.recognises(page)) }
}

describe('each server, in figures that a person computes from its page', () => {
  test.each(cases)('$server', ({ server, page: text, context, expected }) => {
    const { page, member } = recognised(text)
    expect(member?.name).toBe(server)
    expect(member?.normalise(page, context ?? {})).toEqual(expected)
  })

  test('every server but our own has a case', () => {
    const covered = new Set(cases.map(({ server }) => server))
    expect([...covered, 'rerankscope'].sort()).toEqual(
      servingSources.map(({ name }) => name).sort(),
    )
  })
})

test.each(['not a metric at all', '<html>', 'up 1', 'python_info 1'])(
  'nobody recognises %j',
  (text) => {
    expect(recognised(text).member).toBeUndefined()
  },
)

test('several models and none chosen: the models are named; a wrong one too', () => {
  const text = `
nv_inference_request_success{model="bge",version="1"} 40
nv_inference_request_success{model="tokenizer",version="1"} 41
`
  const { page, member } = recognised(text)
  expect(() => member?.normalise(page, {})).toThrow(
    'the target serves several models (bge, tokenizer): choose one with --model.',
  )
  expect(() => member?.normalise(page, { model: 'x' })).toThrow(
    'no figures of the model x, only of bge, tokenizer',
  )
})

test('a page taken between two writes of TEI gives no negative batch', () => {
  const { page, member } = recognised(`
te_batch_next_size_bucket{le="1"} 3
te_batch_next_size_bucket{le="+Inf"} 3
te_batch_next_size_sum 0
te_batch_next_tokens_bucket{le="1"} 4
te_batch_next_tokens_bucket{le="+Inf"} 4
te_batch_next_tokens_sum 0
`)
  expect(member?.normalise(page, {}).batchPairs?.counts).toEqual([0, 0])
})

/** Names and labels that the members look at, with any values and in any combination. */
const names = cases.flatMap(({ page }) => [
  ...new Set([...page.matchAll(/^([a-z_:]+)[{ ]/gm)].map(([, name = '']) => name)),
])
const labels = fc.dictionary(
  fc.constantFrom('le', 'model', 'model_name', 'method', 'handler', 'status', 'err', 'reason'),
  fc.constantFrom(
    '',
    '1',
    '0.1',
    '+Inf',
    'NaN',
    'POST',
    '/rerank',
    '2xx',
    '5xx',
    'batch',
    '__proto__',
  ),
  { maxKeys: 4 },
)
const line = fc
  .tuple(
    fc.constantFrom(...names),
    labels,
    fc.oneof(fc.double(), fc.integer(), fc.constant('+Inf')),
  )
  .map(([name, all, value]) => {
    const inside = Object.entries(all).map(([key, text]) => `${key}="${text}"`)
    return `${name}{${inside.join(',')}} ${String(value)}`
  })

test('a sum beyond what a number holds is absent', () => {
  const page = parsePrometheusText(
    [
      'te_request_count{method="batch"} 7',
      ...new Array<string>(2).fill('te_predict_success 1.7e308'),
    ].join('\n'),
  )
  const tei = servingSources.find(({ name }) => name === 'tei')
  const sample = tei?.normalise(page, { beside: undefined })
  expect(sample?.requests).toBe(7)
  expect(sample?.pairs).toBeUndefined()
})

test('whatever a page holds, a figure is finite or absent', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.anything(), (lines, beside) => {
      const page = parsePrometheusText(lines.join('\n'))
      for (const member of servingSources) {
        let sample: ServingSample
        try {
          sample = member.normalise(page, { beside })
        } catch (error) {
          expect(String(error)).toContain('several models')
          continue
        }
        for (const number of numbersIn(sample)) expect(Number.isFinite(number)).toBe(true)
      }
    }),
    {
      numRuns: 300,
      examples: [
        [['te_predict_success -1.7e308', 'te_predict_success{a="b"} -1.7e308'], undefined],
      ],
    },
  )
})

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value]
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap((each) => numbersIn(each))
    : []
}
