import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { messageOf, systemCodeOf, UserError } from '../../core/errors.ts'
import { decodeTraceHeader, decodeTraceRequest, type TraceRequest } from '../../core/trace.ts'
import { forEachLine, inputError, textOf } from '../lines.ts'
import type { Recording } from './profile.ts'
import { maximumRequests } from './schedule.ts'

/**
 * Reads recorded traffic: JSON lines as the sidecar records them (core/trace.ts), or CSV with a
 * column `timestamp`. Requests come out in order of time, the first at 0.
 *
 * @throws UserError (usage) naming file, line and field of what cannot be understood.
 */
export async function readRecording(path: string): Promise<Recording> {
  const read = isCsv(path) ? await readCsv(path) : await readJsonLines(path)
  const requests = [...read.requests].sort((a, b) => a.offsetSeconds - b.offsetSeconds)
  const first = requests[0]
  if (first === undefined) throw inputError(path, undefined, 'holds no request')
  return {
    kind: 'trace',
    file: basename(path),
    hasShapes: read.hasShapes,
    requests: requests.map((request) => ({
      ...request,
      offsetSeconds: request.offsetSeconds - first.offsetSeconds,
    })),
  }
}

type Read = Pick<Recording, 'requests' | 'hasShapes'>

const isCsv = (path: string) => path.toLowerCase().endsWith('.csv')

async function readJsonLines(path: string): Promise<Read> {
  const requests: TraceRequest[] = []
  await forEachLine(path, (bytes, line) => {
    if (bytes.length === 0) return
    const text = textOf(bytes, path, line, 'the line')
    try {
      if (line === 1) decodeTraceHeader(text)
      else push(requests, decodeTraceRequest(text), path, line)
    } catch (error) {
      if (error instanceof UserError) throw error
      const what = line === 1 ? 'the first line must be the header of a recording; ' : ''
      throw inputError(path, line, `${what}${messageOf(error)}`, error)
    }
  })
  return { requests, hasShapes: true }
}

const columns = [
  'timestamp',
  'documents',
  'query_characters',
  'document_characters',
  'group',
] as const
type Column = (typeof columns)[number]

async function readCsv(path: string): Promise<Read> {
  // Only who replays CSV waits for the parser.
  const { parse } = await import('csv-parse')
  const requests: TraceRequest[] = []
  let names: readonly string[] = []
  const parser = parse({
    bom: true,
    trim: true,
    skip_empty_lines: true,
    info: true,
    max_record_size: 65_536,
  })
  const source = createReadStream(path)
  source.on('error', (error) => parser.destroy(error))
  try {
    for await (const row of source.pipe(parser) as AsyncIterable<CsvRow>) {
      const line = row.info.lines
      if (names.length === 0) names = headerOf(row.record, path)
      else push(requests, requestOf(names, row.record, path, line), path, line)
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    const what = systemCodeOf(error)?.startsWith('CSV_') === true ? 'is no CSV' : 'cannot be read'
    throw inputError(path, undefined, `${what}: ${messageOf(error)}`, error)
  } finally {
    source.destroy()
  }
  return { requests, hasShapes: names.includes('documents') }
}

interface CsvRow {
  readonly record: readonly string[]
  readonly info: { readonly lines: number }
}

function headerOf(cells: readonly string[], path: string): readonly string[] {
  const names = cells.map((cell) => cell.toLowerCase())
  if (names.includes('timestamp')) return names
  throw inputError(path, 1, `the header has no column timestamp; columns are ${columns.join(', ')}`)
}

function requestOf(
  names: readonly string[],
  cells: readonly string[],
  path: string,
  line: number,
): TraceRequest {
  const cell = (column: Column) => {
    const text = cells[names.indexOf(column)]
    return text === undefined || text === '' ? undefined : text
  }
  const whole = (column: Column, least: number) => {
    const text = cell(column)
    if (text === undefined) return undefined
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= 1e6) return value
    throw inputError(path, line, `${column} must be a whole number from ${String(least)}`)
  }
  const offsetSeconds = secondsOf(cell('timestamp'))
  if (offsetSeconds === undefined) {
    throw inputError(path, line, 'timestamp must be seconds or an ISO 8601 time with its zone')
  }
  const documents = whole('documents', 1)
  if (documents === undefined && names.includes('documents')) {
    throw inputError(path, line, 'documents is empty')
  }
  const queryCharacters = whole('query_characters', 0)
  const each = whole('document_characters', 0)
  const group = cell('group')
  return {
    ...{ offsetSeconds, queries: 1, documents: documents ?? 1 },
    ...(queryCharacters !== undefined && { queryCharacters }),
    ...(group !== undefined && { group }),
    ...(each !== undefined && { documentCharacters: Array<number>(documents ?? 1).fill(each) }),
  }
}

/** Seconds since anything, or an ISO 8601 time: only differences count. */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isFinite(number)) return number
  // Without a zone a time means another instant on another machine.
  if (!/^\d{4}-\d\d-\d\d[T ].*(?:Z|[+-]\d\d:?\d\d)$/.test(text)) return undefined
  const milliseconds = Date.parse(text.replace(' ', 'T'))
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1000
}

function push(requests: TraceRequest[], request: TraceRequest, path: string, line: number): void {
  if (requests.length === maximumRequests) {
    throw inputError(
      path,
      line,
      `holds more than ${String(maximumRequests)} requests; cut it into several recordings`,
    )
  }
  requests.push(request)
}
