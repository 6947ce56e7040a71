import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PrometheusRenderer, ReadingProducer } from '../../../core/exposition.ts'
import { Histogram } from '../../../core/histogram.ts'
import { metrics } from '../../../core/metrics.ts'
import { reading } from '../../../core/reading.ts'
import {
  maximumSamples,
  parsePrometheusText,
  valueOf,
} from '../../../sidecar/normalise/prometheus-text.ts'
import {
  having,
  histogramSum,
  labelsOf,
  maximumBuckets,
  maximumLabelValues,
  sumsBy,
} from '../../../sidecar/normalise/series.ts'

test('values, timestamps, exemplars, spaces and comments', () => {
  const page = parsePrometheusText(`# HELP a what
# TYPE a gauge
a 1
b{} 2.5e3 1700000000000
c{x="1"} +Inf
d{x="1", y = "2" ,} NaN
e{le="0.5"} 7 # {trace_id="abc"} 0.4
  f   -.5
g -Inf
`)
  expect(page.droppedLines).toBe(0)
  expect(valueOf(page, 'a')).toBe(1)
  expect(valueOf(page, 'b')).toBe(2500)
  expect(page.samples.get('c')?.[0]?.value).toBe(Infinity)
  expect(valueOf(page, 'c')).toBeUndefined()
  expect(page.samples.get('d')?.[0]?.labels).toEqual(
    new Map([
      ['x', '1'],
      ['y', '2'],
    ]),
  )
  expect(page.samples.get('d')?.[0]?.value).toBeNaN()
  expect(page.samples.get('e')?.[0]?.value).toBe(7)
  expect(valueOf(page, 'f')).toBe(-0.5)
  expect(page.samples.get('g')?.[0]?.value).toBe(-Infinity)
})

test.each([
  'no value',
  'a',
  'a{x="1"',
  'a{x=1} 2',
  'a{x="1" y="2"} 3',
  'a{x="1",x="2"} 3',
  'a 1 2 3',
  'a 1 x',
  'a 0x10',
  '{x="1"} 1',
  '9a 1',
  'a{x="\\"} 1',
  'a1_ ١',
])('the ill-formed line %j is counted and the others are read', (line) => {
  const page = parsePrometheusText(`good 1\n${line}\nalso 2`)
  expect(page.droppedLines).toBe(1)
  expect(valueOf(page, 'good')).toBe(1)
  expect(valueOf(page, 'also')).toBe(2)
})

test('label values survive escaping', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.double({ noNaN: true }), (text, value) => {
      fc.pre(!/[\r\u2028\u2029]/.test(text) && text.length < 1000)
      const escaped = text.replaceAll(/[\\"\n]/g, (each) => (each === '\n' ? '\\n' : `\\${each}`))
      const shown = value === Infinity ? '+Inf' : String(value)
      const page = parsePrometheusText(`a{x="${escaped}"} ${shown.replace('-Infinity', '-Inf')}`)
      const sample = page.samples.get('a')?.[0]
      expect(sample?.labels.get('x')).toBe(text)
      expect(sample?.value).toBe(Object.is(value, -0) ? 0 : value)
    }),
  )
})

test('no text makes it throw, and every line is read, ignored or counted', () => {
  const rubbish = fc.string({
    unit: fc.constantFrom('a', '{', '}', '"', '\\', '=', ',', ' ', '1', '\n', '#', 'é'),
  })
  fc.assert(
    fc.property(rubbish, (text) => {
      const page = parsePrometheusText(text)
      const kept = [...page.samples.values()].reduce((total, each) => total + each.length, 0)
      const lines = text
        .split('\n')
        .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
      expect(kept + page.droppedLines).toBe(lines.length)
    }),
  )
})

test('more samples than the limit are counted, not kept', () => {
  const page = parsePrometheusText('a 1\n'.repeat(maximumSamples + 5))
  expect(page.samples.get('a')).toHaveLength(maximumSamples)
  expect(page.droppedLines).toBe(5)
})

test('a megabyte without a line end is one dropped line', () => {
  expect(parsePrometheusText('x'.repeat(1024 * 1024))).toEqual({
    samples: new Map(),
    droppedLines: 1,
  })
})

test('a label called __proto__ is a label', () => {
  const page = parsePrometheusText('a{__proto__="x"} 1')
  expect(page.samples.get('a')?.[0]?.labels.get('__proto__')).toBe('x')
  expect(Object.keys(sumsBy(page, 'a', '__proto__') ?? {})).toEqual(['x'])
})

test('a label or a histogram without end becomes no series without end', () => {
  const lines = Array.from({ length: 500 }, (_, at) => `e{class="c${String(at)}"} ${String(at)}`)
  const errors = sumsBy(parsePrometheusText(lines.join('\n')), 'e', 'class') ?? {}
  expect(Object.keys(errors)).toHaveLength(maximumLabelValues)
  expect(errors).toMatchObject({ c0: 0, c63: 63 })
  const stages = lines.map((line) => line.replace('e{class', 'h_count{stage'))
  expect(labelsOf(parsePrometheusText(stages.join('\n')), 'h_count', 'stage')).toHaveLength(
    maximumLabelValues,
  )
  const bucketsUpTo = (count: number) =>
    [...Array(count).keys()].map((bound) => `h_bucket{le="${String(bound)}"} 1\n`).join('') +
    'h_bucket{le="+Inf"} 1\nh_sum 1'
  const longest = histogramSum(parsePrometheusText(bucketsUpTo(maximumBuckets - 1)), 'h')
  expect(longest?.counts).toHaveLength(maximumBuckets)
  expect(histogramSum(parsePrometheusText(bucketsUpTo(maximumBuckets)), 'h')).toBeUndefined()
})

test('what our own exposition renders is read back value by value', async () => {
  const duration = new Histogram(metrics.requestDuration.bounds ?? [])
  for (const seconds of [0.0005, 0.02, 0.02, 0.3, 99]) duration.observe(seconds)
  const text = await new PrometheusRenderer(
    new ReadingProducer({
      readings: () => [
        reading(metrics.requestDuration, {}, duration.value()),
        reading(metrics.errors, { class: 'over"loaded\\' }, 3),
      ],
      resource: {},
      wallSeconds: () => 1,
    }),
  ).render()
  const page = parsePrometheusText(text)
  expect(page.droppedLines).toBe(0)
  expect(histogramSum(page, metrics.requestDuration.name)).toEqual(duration.value())
  expect(sumsBy(page, metrics.errors.name, 'class')).toEqual({ 'over"loaded\\': 3 })
})

test('buckets in any order, with their label, become counts between bounds', () => {
  const page = parsePrometheusText(`h_bucket{s="a",le="+Inf"} 9
h_bucket{s="a",le="0.5"} 2
h_bucket{s="a",le="1"} 7
h_bucket{s="b",le="+Inf"} 1
h_sum{s="a"} 4.5
h_sum{s="b"} 1
h_count{s="a"} 9
`)
  expect(histogramSum(page, 'h', having({ s: 'a' }))).toEqual({
    bounds: [0.5, 1],
    counts: [2, 5, 2],
    sum: 4.5,
  })
  expect(histogramSum(page, 'h')).toBeUndefined()
})

test.each([
  ['no overflow bucket', 'h_bucket{le="1"} 1\nh_sum 1'],
  ['counts that fall', 'h_bucket{le="1"} 3\nh_bucket{le="+Inf"} 2\nh_sum 1'],
  ['a bound that is no number', 'h_bucket{le="x"} 1\nh_bucket{le="+Inf"} 2\nh_sum 1'],
  ['no sum', 'h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2'],
  ['a count that is no number', 'h_bucket{le="1"} NaN\nh_bucket{le="+Inf"} 2\nh_sum 1'],
])('%s is no histogram', (_, text) => {
  expect(histogramSum(parsePrometheusText(text), 'h')).toBeUndefined()
})
