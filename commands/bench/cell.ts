import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  loadVerdict,
  runFactsSchema,
  testNamed,
  type Cell,
  type CellRecord,
  type Matrix,
  type Target,
} from '../../comparison/index.ts'
import type { Clock } from '../../core/clock.ts'
import { environmentError } from '../../core/errors.ts'
import { runLoad, type RunOptions } from '../../loadgen/index.ts'
import { handshakeSecondsOf } from './handshake.ts'
import type { OpenTarget } from './open-target.ts'
import { measureQuality } from './quality.ts'

/** How a cell ended, apart from which it is and when. */
export type Outcome = Omit<CellRecord, 'schema' | 'id' | 'fingerprint' | 'startedAt' | 'endedAt'>

export interface CellContext {
  readonly matrix: Matrix
  readonly target: Target
  readonly open: OpenTarget
  /** Of this cell alone; emptied first, for what an interrupted measurement left. */
  readonly folder: string
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** @throws UserError when the target cannot be measured at all. */
export async function measureCell(cell: Cell, context: CellContext): Promise<Outcome> {
  const { target, open, folder } = context
  await rm(folder, { recursive: true, force: true })
  const { dtype } = open.reranker.info ?? {}
  const told = dtype === undefined ? {} : { dtype }
  switch (testNamed(cell.test).kind) {
    case 'start':
      if (open.start === undefined) return unseen(target, 'its start')
      return { state: 'measured', start: open.start, ...told }
    case 'memory':
      if (open.memory === undefined) return unseen(target, 'the memory of its device')
      return { state: 'measured', memory: open.memory, ...told }
    case 'quality':
      await mkdir(folder, { recursive: true })
      return measureQuality(context)
    case 'load':
      return { ...(await measureLoad(cell, context)), ...told }
  }
}

function unseen({ outside, serve }: Target, what: string): Outcome {
  const why =
    serve === undefined
      ? 'it runs elsewhere'
      : outside
        ? 'it is looked at from outside'
        : 'nobody looked'
  return { state: 'not_possible', reason: `${why}, so ${what} cannot be seen` }
}

async function measureLoad(cell: Cell, context: CellContext): Promise<Outcome> {
  const { matrix, target, open, folder, signal, clock } = context
  const handshakeSeconds = cell.test.startsWith('latency')
    ? await handshakeSecondsOf(target, open.url, clock)
    : undefined
  const { summary } = await runLoad(
    {
      ...{ target: open.url, dialect: target.dialect, apiKey: open.apiKey, model: target.model },
      ...{ sidecar: open.sidecar, tokenizer: target.tokenizer, out: folder },
      ...{
        dataset: matrix.dataset,
        queries: matrix.queries,
        timeoutSeconds: matrix.timeoutSeconds,
      },
      // The same requests for every target of a round, and others in the next.
      ...{ seconds: cell.seconds, seed: matrix.seed + cell.round },
      ...offerOf(cell),
    },
    { signal, clock },
  )
  const verdict = loadVerdict(runFactsSchema.parse(summary))
  if (summary.totals.succeeded === 0) throw environmentError(verdict.reason ?? '')
  const reason = open.isUp()
    ? verdict.reason
    : ['its server ended during the test', verdict.reason].filter(Boolean).join('; ')
  return {
    state: open.isUp() ? verdict.state : 'failed',
    ...(reason !== undefined && { reason }),
    ...(handshakeSeconds !== undefined && { handshakeSeconds }),
  }
}

function offerOf({ test }: Cell): Pick<RunOptions, 'profile' | 'mode' | 'concurrency'> {
  const { kind, ...rest } = testNamed(test)
  if (kind !== 'load' || !('offer' in rest)) {
    throw new Error(`${test} is no load test. This is a bug in rerankscope.`)
  }
  if ('profile' in rest.offer) return { profile: rest.offer.profile }
  const { documents, concurrency } = rest.offer
  return {
    profile: {
      ...{
        name: test,
        summary: rest.summary,
        queriesPerBatch: 1,
        shapes: { documents: [documents] },
      },
      // A saturated run has no schedule; the target sets the rate.
      arrivals: { kind: 'constant', queriesPerSecond: 1 },
    },
    ...{ mode: 'saturate', concurrency },
  }
}

/** Where the parts of a comparison lie in its folder. */
export const cellFolder = (out: string, { id }: Pick<Cell, 'id'>): string => join(out, 'cells', id)
