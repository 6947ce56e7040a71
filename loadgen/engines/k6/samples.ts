import { z } from 'zod'
import { decodeJsonLine } from '../../../core/json-line.ts'
import type { Observation, Outcome } from '../../../core/observation.ts'
import { identityOf, type PlanItem } from '../../plan/plan.ts'
import type { Judgement, Replay } from '../engine.ts'

const milliseconds = z.number()
const answerSchema = z.object({
  index: z.number().int().min(0),
  sent: milliseconds,
  firstByte: milliseconds.optional(),
  done: milliseconds,
  /** 0: no answer came. */
  status: z.number().int(),
  errorCode: z.number().int(),
  error: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().default(''),
})
const pointSchema = z.object({
  metric: z.string(),
  type: z.string(),
  data: z.object({
    value: z.number().optional(),
    metadata: z.object({ observation: z.string().optional() }).optional(),
  }),
})

/** A request as the script saw it; milliseconds since the zero of the schedule. */
export type K6Answer = z.infer<typeof answerSchema>

/** What one line of k6's JSON output tells us. */
export type K6Sample =
  | { readonly kind: 'start'; readonly unixSeconds: number }
  | { readonly kind: 'warm-up'; readonly succeeded: boolean }
  | { readonly kind: 'answer'; readonly answer: K6Answer }

/**
 * Reads a line of k6's `--out json`; undefined for the many that are not about requests of a plan.
 *
 * @throws Error that quotes nothing, when a line of ours cannot be understood: it was cut off.
 */
export function decodeK6Sample(line: string): K6Sample | undefined {
  // Most lines are k6's own metrics; parsing them all would cost more than the run.
  if (!line.includes('"rerankscope_')) return undefined
  const { metric, type, data } = parsed(pointSchema, line)
  if (type !== 'Point') return undefined
  if (metric === 'rerankscope_start') {
    return { kind: 'start', unixSeconds: (data.value ?? Number.NaN) / 1000 }
  }
  if (metric === 'rerankscope_warm_up') return { kind: 'warm-up', succeeded: data.value === 1 }
  if (metric !== 'rerankscope_observation') return undefined
  return { kind: 'answer', answer: parsed(answerSchema, data.metadata?.observation ?? '') }
}

function parsed<T>(schema: z.ZodType<T>, text: string): T {
  return decodeJsonLine(schema, text, 'not a whole line of k6’s JSON output')
}

/** One request in the words of every engine. */
export function observationOf(
  answer: K6Answer,
  item: PlanItem,
  judge: Replay['judge'],
): Observation {
  // Our zero is known to the millisecond there; no request is sent before it is due.
  const sentSeconds = Math.max(item.intendedSeconds, answer.sent / 1000)
  const failure = failureOf(answer)
  const judged: Judgement = failure === undefined ? judge(answer, item) : { outcome: failure }
  return {
    ...identityOf(item),
    sentSeconds,
    ...(answer.firstByte !== undefined &&
      failure === undefined && {
        firstByteSeconds: Math.max(sentSeconds, answer.firstByte / 1000),
      }),
    doneSeconds: Math.max(sentSeconds, answer.done / 1000),
    ...(failure === undefined && { status: answer.status }),
    ...judged,
  }
}

/** k6's error codes; from 1400 on they only repeat an HTTP status. */
const codes = { timeout: 1050, names: 1100, dial: 1210, reset: 1220, tls: 1300, status: 1400 }

/** Why there is no whole answer; undefined when there is. */
function failureOf({ errorCode, error, status }: K6Answer): Outcome | undefined {
  if ((errorCode === 0 || errorCode >= codes.status) && status > 0) return undefined
  if (errorCode === codes.timeout) return 'timeout'
  if (errorCode >= codes.names && errorCode < codes.names + 100) return 'connect_error'
  if (errorCode >= codes.dial && errorCode < codes.reset) return 'connect_error'
  if (errorCode >= codes.tls && errorCode < codes.status) return 'connect_error'
  return error.includes('malformed') ? 'invalid_response' : 'connection_lost'
}
