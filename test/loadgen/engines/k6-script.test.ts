import { readFileSync } from 'node:fs'
import vm from 'node:vm'
import { expect, test } from 'vitest'
import { compiledModule } from '../../../core/program.ts'

/** Milliseconds that pass with every look at a clock. */
const lookMilliseconds = 0.13
const files: Readonly<Record<string, string>> = {
  './plan.json': JSON.stringify({
    scheduledSeconds: 1,
    method: 'POST',
    path: '/rerank',
    headers: {},
    bodies: { 1: ['[', 0, ',', 1, ']'] },
  }),
  './items.ndjson': [0, 0.25]
    .map((intendedSeconds, index) =>
      JSON.stringify({ index, batch: index, intendedSeconds, documents: 1, texts: [0, 1] }),
    )
    .join('\n'),
  './texts.ndjson': '"query"\n"document"',
}

/** The script's default function in a world whose two clocks are one, and stand still between looks. */
async function sentBy(zeroMilliseconds: number, beganMilliseconds: number) {
  let now = beganMilliseconds
  const look = () => (now += lookMilliseconds)
  const sent: number[] = []
  const globals = {
    __ENV: {},
    open: (file: string) => files[file],
    SharedArray: function (_: string, make: () => unknown) {
      return make()
    },
    exec: {
      vu: { idInTest: 1, metrics: { metadata: {} } },
      instance: {
        get currentTestRunDuration() {
          return look() - beganMilliseconds
        },
      },
    },
    http: {
      asyncRequest: () => {
        sent.push(now)
        return { status: 200, error_code: 0, headers: {}, body: '[]', timings: { receiving: 0 } }
      },
    },
    Date: { now: () => Math.floor(look()) },
    setTimeout: (resolve: () => void, milliseconds: number) => {
      now += milliseconds
      resolve()
    },
  }
  const Metric = class {
    add() {
      return undefined
    }
  }
  const context = vm.createContext({ ...globals, Trend: Metric, Counter: Metric, Rate: Metric })
  // k6's modules are globals here: importing needs a flag of Node's.
  const script = readFileSync(compiledModule('loadgen/engines/k6/script.js'), 'utf8')
    .replaceAll(/^import .*$/gm, '')
    .replace('export default async function', 'globalThis.run = async function')
    .replaceAll(/^export /gm, '')
  vm.runInContext(script, context)
  await (context['run'] as (zero: object) => Promise<void>)({ zero: zeroMilliseconds })
  return sent
}

test.each([0.02, 0.35, 0.6, 0.98])(
  'a script that begins %d ms into a millisecond sends nothing before it is due',
  async (fraction) => {
    const zero = 1_764_000_000_500
    const sent = await sentBy(zero, 1_764_000_000_100 + fraction)
    expect(sent).toHaveLength(2)
    for (const [at, due] of [zero, zero + 250].entries()) {
      expect(sent[at]! - due).toBeGreaterThanOrEqual(0)
      expect(sent[at]! - due).toBeLessThan(6 * lookMilliseconds)
    }
  },
)
