/// <reference types="k6" />
/**
 * A k6 script that replays the plan of a run folder: the same bytes at the same instants as every
 * other engine. It runs as it is on k6 1.x and 2.x, so it imports nothing but k6's own modules.
 *
 *   k6 run -e RERANKSCOPE_PLAN=$PWD/runs/low -e RERANKSCOPE_TARGET=http://gpu:8080 --out json=part.json script.js
 *
 * RERANKSCOPE_PLAN             folder with plan.json, items.ndjson, texts.ndjson (default: the script's own)
 * RERANKSCOPE_TARGET           http://host:port of the reranker (default: http://127.0.0.1:8080)
 * RERANKSCOPE_HEADERS          JSON object of headers to add: credentials
 * RERANKSCOPE_TIMEOUT_SECONDS  default 60
 * RERANKSCOPE_TRACE_PREFIX     first 16 of a trace id's 32 hexadecimal digits
 * RERANKSCOPE_START_AT         Unix seconds of the schedule's zero: the same on every machine (default: in 1 s)
 * RERANKSCOPE_WARM_UP          JSON list of groups of items to send before (default: none)
 * RERANKSCOPE_VUS              default: requests that are due at once, at most 32; on several machines at least one each
 * RERANKSCOPE_SLO_MS           p95 of the response time that must be kept: k6 exits 99
 */
import { SharedArray } from 'k6/data'
import exec from 'k6/execution'
import http from 'k6/http'
import { Counter, Rate, Trend } from 'k6/metrics'
import type { Options } from 'k6/options'

interface Item {
  readonly index: number
  readonly batch: number
  readonly intendedSeconds: number
  readonly documents: number
  readonly queries?: number
  readonly texts: readonly number[]
}

interface Plan {
  readonly scheduledSeconds: number
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodies: Readonly<Record<string, readonly (string | number)[]>>
}

/** Between `setup` and the zero: what it stirred up settles, and whoever reads along hears of it in time. */
const leadMilliseconds = 1000
/** A body is put together so long before it is due. */
const prepareMilliseconds = 50
const mostVus = 32
const idleConnections = 1024
const warmUpTimeoutSeconds = 10
/** More than any ranking. */
const maximumBodyCharacters = 1024 * 1024

const setting = (name: string): string | undefined => __ENV[`RERANKSCOPE_${name}`]
const folder = setting('PLAN') ?? '.'
const linesOf = (file: string) =>
  new SharedArray(file, () =>
    open(`${folder}/${file}`)
      .split('\n')
      .filter((line) => line !== ''),
  )
const plan = JSON.parse(open(`${folder}/plan.json`)) as Plan
const items = linesOf('items.ndjson')
const texts = linesOf('texts.ndjson')
const itemAt = (at: number) => JSON.parse(items[at] ?? '') as Item
const url = (setting('TARGET') ?? 'http://127.0.0.1:8080') + plan.path
const headers = {
  ...plan.headers,
  ...(JSON.parse(setting('HEADERS') ?? '{}') as Record<string, string>),
}
const timeoutSeconds = Number(setting('TIMEOUT_SECONDS') ?? 60)
const tracePrefix = setting('TRACE_PREFIX') ?? '72657261736b0001'
const vus = Number(setting('VUS') ?? mostAtOnce())
const slo = setting('SLO_MS')

const start = new Trend('rerankscope_start')
const observation = new Trend('rerankscope_observation', true)
const response = new Trend('rerankscope_response', true)
const service = new Trend('rerankscope_service', true)
const dispatchLag = new Trend('rerankscope_dispatch_lag', true)
const pairs = new Counter('rerankscope_pairs')
const ok = new Rate('rerankscope_ok')
const warmUp = new Rate('rerankscope_warm_up')

export const options: Options = {
  scenarios: {
    // Each VU sends its share without waiting for answers, so no number of them limits what is in
    // flight. VU ids count over all machines of a run, so its shares add up to the plan.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- the types know scenarios as classes only
    plan: {
      executor: 'per-vu-iterations',
      vus,
      iterations: 1,
      maxDuration: `${String(Math.ceil(plan.scheduledSeconds + timeoutSeconds + 3600))}s`,
    },
  },
  summaryTrendStats: ['min', 'med', 'p(90)', 'p(95)', 'p(99)', 'max', 'count'],
  systemTags: ['status', 'error_code'],
  // So many idle connections a VU keeps. With k6's own 6 to a host, what a slow target had waiting
  // would be closed when it ends, and opened again at the cost of a later request.
  batch: idleConnections,
  batchPerHost: idleConnections,
  thresholds: {
    rerankscope_ok: ['rate>0.999'],
    rerankscope_dispatch_lag: ['p(99)<10'],
    ...(slo !== undefined && { rerankscope_response: [`p(95)<${slo}`] }),
    // k6 shows a row by shape only where a threshold names it; this one always holds.
    ...Object.fromEntries(
      Object.keys(plan.bodies).map((documents) => [
        `rerankscope_response{documents:${documents}}`,
        ['max>=0'],
      ]),
    ),
  },
}

interface Zero {
  /** Unix milliseconds, so that it means the same on another machine. */
  readonly zero: number
}

/** Sends the warm-up, each group once the one before is answered; says when the schedule begins. */
export async function setup(): Promise<Zero> {
  for (const group of JSON.parse(setting('WARM_UP') ?? '[]') as Item[][]) {
    const answers = await Promise.all(
      group.map((item) =>
        http.asyncRequest(plan.method, url, bodyOf(item), paramsOf(item, warmUpTimeoutSeconds)),
      ),
    )
    for (const { status } of answers) warmUp.add(status === 200)
  }
  const startAt = setting('START_AT')
  const zero = startAt === undefined ? Date.now() + leadMilliseconds : Number(startAt) * 1000
  start.add(zero)
  return { zero }
}

export default async function ({ zero: zeroOnTheWall }: Zero): Promise<void> {
  // In this order: the wait for the beginning of a millisecond would be missing from the zero.
  const wall = wallMilliseconds()
  const zero = now() + zeroOnTheWall - wall
  const running: Promise<void>[] = []
  for (let at = exec.vu.idInTest - 1; at < items.length; at += vus) {
    const item = itemAt(at)
    const due = zero + item.intendedSeconds * 1000
    await until(due - prepareMilliseconds)
    const body = bodyOf(item)
    const params = paramsOf(item, timeoutSeconds)
    await until(due)
    running.push(send(item, body, params, zero))
  }
  await Promise.all(running)
}

async function send(
  item: Item,
  body: string,
  params: ReturnType<typeof paramsOf>,
  zero: number,
): Promise<void> {
  const sent = now() - zero
  const answer = await http.asyncRequest(plan.method, url, body, params)
  const done = now() - zero
  const intended = item.intendedSeconds * 1000
  const tags = { documents: shapeOf(item) }
  // k6 keeps a label for every value of a tag, but no metadata.
  exec.vu.metrics.metadata['observation'] = JSON.stringify({
    index: item.index,
    sent,
    ...(answer.status > 0 && { firstByte: done - answer.timings.receiving }),
    done,
    status: answer.status,
    errorCode: answer.error_code,
    error: answer.error,
    headers: headersOf(answer.headers),
    body: (answer.body as string | null)?.slice(0, maximumBodyCharacters),
  })
  observation.add(done - intended)
  delete exec.vu.metrics.metadata['observation']
  dispatchLag.add(sent - intended, tags)
  service.add(done - sent, tags)
  response.add(done - intended, tags)
  ok.add(answer.status === 200, tags)
  if (answer.status === 200) pairs.add(item.documents * (item.queries ?? 1), tags)
}

/** As the keys of the plan's `bodies`: documents, or 8x50 for eight queries of 50 in one request. */
function shapeOf({ documents, queries = 1 }: Item): string {
  return queries === 1 ? String(documents) : `${String(queries)}x${String(documents)}`
}

function bodyOf(item: Item): string {
  return (plan.bodies[shapeOf(item)] ?? [])
    .map((part) => (typeof part === 'number' ? (texts[item.texts[part] ?? -1] ?? '') : part))
    .join('')
}

function paramsOf({ index }: Item, seconds: number) {
  const trace = tracePrefix + index.toString(16).padStart(16, '0')
  // A span id of zero is not valid.
  const span = (index + 1).toString(16).padStart(16, '0')
  return {
    headers: { ...headers, traceparent: `00-${trace}-${span}-01` },
    timeout: `${String(seconds)}s`,
    redirects: 0,
    responseType: 'text' as const,
  }
}

/** Names in lower case, those that a server may tell its own times in. */
function headersOf(all: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name.startsWith('x-') || name === 'content-type'),
  )
}

function mostAtOnce(): number {
  let most = 1
  let run = 0
  let last = -1
  for (const line of items) {
    const { intendedSeconds } = JSON.parse(line) as Item
    run = intendedSeconds === last ? run + 1 : 1
    last = intendedSeconds
    most = Math.max(most, run)
  }
  return Math.min(mostVus, most)
}

/** Milliseconds since the start of the test, with fractions; Date.now() has none. */
function now(): number {
  return exec.instance.currentTestRunDuration
}

/** Unix milliseconds at the beginning of one. */
function wallMilliseconds(): number {
  const before = Date.now()
  let after = before
  while (after === before) after = Date.now()
  return after
}

async function until(due: number): Promise<void> {
  for (let left = due - now(); left > 0; left = due - now()) {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, left)
    })
  }
}
