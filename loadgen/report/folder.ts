import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentError, messageOf, systemCodeOf, usageError } from '../../core/errors.ts'
import { formatCount } from '../../core/units.ts'
import { wordsOf } from '../../core/problems.ts'
import { decodeObservation, encodeObservation, type Observation } from '../../core/observation.ts'
import { summarySchema, type Summary } from '../measure/run-file.ts'
import { judgeSlo, type SloThreshold } from '../measure/slo.ts'
import { summarize } from '../measure/summarize.ts'
import { decodeTelemetrySample, type TelemetrySample } from '../measure/telemetry.ts'
import { renderHtml } from './html/index.ts'

/** A run and the folder that holds it. */
export interface Run {
  readonly folder: string
  readonly summary: Summary
  readonly observations: readonly Observation[]
  readonly telemetry: readonly TelemetrySample[]
}

/** @throws UserError when the folder cannot be made, or holds something and `force` is false. */
export async function prepareFolder(
  folder: string,
  force: boolean,
  option = '--out',
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    // A run that is cut off must not leave the figures of the one before it.
    if (force) await rm(join(folder, 'run.json'), { force: true })
    if (force || (await readdir(folder)).length === 0) return
  } catch (error) {
    throw environmentError(`${option} ${folder} cannot be used: ${messageOf(error)}.`)
  }
  const other = option === '--out' ? ', or --force to overwrite the run in it' : ''
  throw usageError(`${option} ${folder} is not empty; name another folder${other}.`)
}

/** @throws UserError when the folder does not take what `work` writes. */
export async function writingTo(folder: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error
    throw environmentError(
      `--out ${folder} cannot be written, and the run in it is not whole: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}

/** Writes what was measured and what it amounts to. */
export async function writeRun(run: Run): Promise<Run> {
  const write = (name: string, text: string) =>
    writingTo(run.folder, writeFile(join(run.folder, name), text))
  await write('observations.ndjson', linesOf(run.observations.map(encodeObservation)))
  await write('telemetry.ndjson', linesOf(run.telemetry.map((sample) => JSON.stringify(sample))))
  await write('run.json', `${JSON.stringify(run.summary, null, 2)}\n`)
  await write('report.html', renderHtml([run]))
  return run
}

function linesOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

/**
 * Reads a run folder again. The figures are computed anew from `observations.ndjson` and
 * `telemetry.ndjson`; where one of them is missing, those of `run.json` stand. Thresholds are those
 * of `slo` or, without it, those of the run.
 *
 * @throws UserError naming the file and line that cannot be understood, or the file that is not whole.
 */
export async function readRun(folder: string, slo?: readonly SloThreshold[]): Promise<Run> {
  const read = await readMeasured(folder)
  return slo === undefined
    ? read
    : { ...read, summary: { ...read.summary, slo: judgeSlo(slo, read.summary) } }
}

async function readMeasured(folder: string): Promise<Run> {
  const summary = await readSummary(folder)
  const observations = await readLines(folder, 'observations.ndjson', decodeObservation)
  const telemetry = await readLines(folder, 'telemetry.ndjson', telemetryOrNot)
  if (observations !== undefined) checkWhole(folder, observations, summary)
  const seen = (telemetry ?? []).filter((sample) => sample !== undefined)
  const read = { folder, observations: observations ?? [], telemetry: seen }
  if (observations === undefined || telemetry === undefined) return { ...read, summary }
  const measured = summarize(summary, observations, seen)
  const skipped = telemetry.length - seen.length
  if (skipped === 0) return { ...read, summary: measured }
  const note = `${formatCount(skipped)} lines of telemetry.ndjson cannot be understood and are left out`
  return { ...read, summary: { ...measured, notes: [...measured.notes, note] } }
}

/** GPU figures stand beside the run: a line of another version must not take the run away. */
function telemetryOrNot(line: string): TelemetrySample | undefined {
  try {
    return decodeTelemetrySample(line)
  } catch {
    return undefined
  }
}

/** A part of a run, or a request twice, would give figures that look like those of a run. */
function checkWhole(
  folder: string,
  observations: readonly Observation[],
  { totals }: Summary,
): void {
  const found = new Set(observations.map(({ index }) => index)).size
  if (found === totals.requests && observations.length === found) return
  throw usageError(
    `${join(folder, 'observations.ndjson')} has ${formatCount(observations.length)} lines for ${formatCount(found)} requests, and run.json counts ${formatCount(totals.requests)}: the file was cut off or changed.`,
  )
}

/** Who names the folder above means the runs in it. */
async function insteadOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const runs = entries
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'run.json')))
    .map(({ name }) => join(folder, name))
    .sort()
    .slice(0, namedInstead)
  return runs.length === 0 ? '' : ` Name those in it: ${runs.join(' ')}.`
}
const namedInstead = 8

async function readSummary(folder: string): Promise<Summary> {
  const path = join(folder, 'run.json')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw usageError(
      systemCodeOf(error) === 'ENOENT'
        ? `${folder} is not a run folder: it holds no run.json.${await insteadOf(folder)}`
        : `${path} cannot be read: ${messageOf(error)}.`,
    )
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw usageError(`${path} is not JSON; the run that wrote it was cut off, or it was changed.`)
  }
  const parsed = summarySchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw usageError(
    `${path} is not a run of schema rerankscope.run/1: ${issue?.path.join('.') ?? ''}: ${issue === undefined ? 'wrong' : wordsOf(issue)}.`,
  )
}

/** Undefined when there is no such file. */
async function readLines<T>(
  folder: string,
  name: string,
  decode: (line: string) => T,
): Promise<T[] | undefined> {
  const path = join(folder, name)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    throw usageError(`${path} cannot be read: ${messageOf(error)}.`)
  }
  return text
    .split('\n')
    .flatMap((line, at) => (line === '' ? [] : [{ line, number: at + 1 }]))
    .map(({ line, number }) => {
      try {
        return decode(line)
      } catch (error) {
        throw usageError(`${path} line ${String(number)}: ${messageOf(error)}.`)
      }
    })
}
