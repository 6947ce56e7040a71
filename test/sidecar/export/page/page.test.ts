import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { policy } from '../../../../core/policy.ts'
import { StatusPage } from '../../../../sidecar/export/page/index.ts'
import { partsOf } from '../../../../sidecar/export/page/parts.ts'
import { gpuSample } from '../../samples.ts'
import { snapshotOf } from './support.ts'

const page = new StatusPage({ policy, version: '1.2.3' })

/** The text of markup as a person reads it, a line each. */
const words = (markup: string) =>
  markup
    .replaceAll(/<[^>]*>/g, '\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

test('the figures of now, in words', () => {
  const parts = partsOf(snapshotOf(), policy)
  expect(words(parts.guidance)).toEqual([
    'scale in',
    'Remove a replica.',
    'utilisation was 12 % over 5.0 min, under the 40 % line',
    'p95 is 250 ms',
  ])
  expect(words(parts.tiles)).toEqual([
    '72 %',
    'GPU utilisation now',
    '250 ms',
    'p95 of a request over the last minute, coarse, budget 500 ms',
    '5',
    'queries/s',
    '150',
    'pairs/s',
    '1.86 GiB',
    'GPU memory in use of 7.45 GiB',
    '12',
    'pairs waiting',
  ])
  expect(words(parts.gpus).slice(6)).toEqual([
    ...['0', 'Test Accelerator', '72 %', '1.86 GiB', 'of 7.45 GiB', '100 W', '55 °C', 'ok'],
    ...['1', 'Test Accelerator', '–', '–', '–', '–', 'requires reset'],
  ])
  expect(parts.gpus).toContain('class="fill" width="72.0"')
  expect(words(parts.sources).slice(4)).toEqual([
    ...['nvidia-smi', 'ok', '1.00 s', '3'],
    ...['serving', 'refused the connection', '–', '0'],
  ])
})

test('what is unknown is a dash, never a 0; two GPUs are a mean and a sum', () => {
  const nothing = partsOf(snapshotOf({ gpus: [], serving: undefined }), policy)
  expect(words(nothing.tiles).filter((_, at) => at % 2 === 0)).toEqual(Array(6).fill('–'))
  expect(words(nothing.gpus)).toEqual(['No GPU has been seen.'])
  const integrals = snapshotOf().gpus[0]!.integrals
  const gpus = [0.2, 0.6].map((utilizationRatio, at) => ({
    up: true,
    attribution: 'node' as const,
    integrals,
    sample: gpuSample({ uuid: `GPU-${String(at)}`, utilizationRatio, throttled: true }),
  }))
  const both = partsOf(snapshotOf({ gpus }), policy)
  expect(words(both.tiles).slice(0, 2)).toEqual(['40 %', 'GPU utilisation now, mean of 2'])
  expect(words(both.tiles)).toContain('GPU memory in use of 14.9 GiB')
  expect(both.gpus).toContain('55 °C (throttled)')
  const mig = gpuSample({ utilizationMeasurable: false, utilizationRatio: undefined })
  const under = partsOf(
    snapshotOf({ gpus: [{ up: true, attribution: 'node', integrals, sample: mig }] }),
    policy,
  )
  expect(words(under.gpus)).toContain('not measurable')
})

test('a name from outside cannot become markup, and the page runs nothing but its own', () => {
  const evil = '<script>alert(1)</script>'
  const { html, contentSecurityPolicy } = page.render(
    snapshotOf({
      target: evil,
      gpus: snapshotOf().gpus.map((view) => ({
        ...view,
        sample: { ...view.sample, name: evil },
      })),
      sources: snapshotOf().sources.map((source) => ({ ...source, reason: evil })),
      guidance: { state: 'waste', reasons: [evil], recommendation: evil },
    }),
  )
  expect(html).not.toContain(evil)
  expect(html).toContain('&lt;script&gt;')
  const sources = Object.fromEntries(
    contentSecurityPolicy.split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ')
      return [name, values]
    }),
  )
  expect(sources['default-src']).toEqual(["'none'"])
  expect(contentSecurityPolicy).not.toContain('unsafe')
  for (const [element, directive] of [
    ['style', 'style-src'],
    ['script', 'script-src'],
  ] as const) {
    const [, content = ''] = new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(html) ?? []
    const hash = createHash('sha256').update(content).digest('base64')
    expect(sources[directive]).toEqual([`'sha256-${hash}'`])
  }
  // No style in an attribute, which the policy would not let in, and no address of another place.
  expect(html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')).not.toMatch(/ style=| on\w+=|src="/)
})

test('the bands, lines and words are those of the policy that is given', () => {
  const own = {
    ...policy,
    scaleOut: { ...policy.scaleOut, utilizationRatio: 0.85 },
    p95Seconds: 0.3,
  }
  const { html } = new StatusPage({ policy: own, version: '1' }).render(snapshotOf())
  expect(html).toContain('over 85 % there is no room for a burst')
  const setup = JSON.parse(
    /<script type="application\/json" id="setup">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '',
  ) as unknown
  expect(setup).toEqual({
    slots: 720,
    slotSeconds: 5,
    bands: [
      { from: 0, to: policy.scaleIn.utilizationRatio, label: 'scale in' },
      { from: policy.scaleIn.utilizationRatio, to: policy.waste.utilizationRatio, label: 'waste' },
      { from: policy.waste.utilizationRatio, to: 0.85, label: 'healthy' },
      { from: 0.85, to: 1, label: 'scale out' },
    ],
    lines: {
      utilization: { at: policy.target.utilizationRatio, label: 'target 70 %' },
      p95: { at: 0.3, label: 'budget 300 ms' },
    },
  })
})
