import { mkdir, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  benchFormats,
  encodeCellRecord,
  readJournal,
  runFactsSchema,
  testNamed,
  type Bench,
  type Cell,
  type CellRecord,
  type CellResult,
  type UtilizationPoint,
} from '../../comparison/index.ts'
import { environmentError, messageOf, systemCodeOf, usageError } from '../../core/errors.ts'
import { readRun } from '../../loadgen/index.ts'
import { cellFolder } from './cell.ts'

const journalName = 'journal.ndjson'
const ours = new Set([journalName, 'cells', 'models', ...benchFormats.map(({ file }) => file)])

/**
 * The folder of a comparison: a journal of the cells that ended, to which lines are only ever added,
 * and a folder a cell. What is in the journal is done, whatever happened afterwards.
 */
export class BenchFolder {
  readonly path: string
  readonly #records: Map<string, CellRecord>

  private constructor(path: string, records: ReadonlyMap<string, CellRecord>) {
    this.path = path
    this.#records = new Map(records)
  }

  /**
   * Goes on with what an earlier call left in the folder; `force` begins anew.
   *
   * @throws UserError when the folder holds something else, or its journal cannot be understood.
   */
  static async open(path: string, force: boolean): Promise<BenchFolder> {
    try {
      await mkdir(path, { recursive: true })
      const foreign = (await readdir(path)).find((entry) => !ours.has(entry))
      if (foreign !== undefined) {
        throw usageError(
          `--out ${path} holds ${foreign}, which is of no comparison; name another folder.`,
        )
      }
      if (force) {
        for (const entry of [journalName, 'cells']) {
          await rm(join(path, entry), { recursive: true, force: true })
        }
      }
    } catch (error) {
      if (systemCodeOf(error) === undefined) throw error
      throw environmentError(`--out ${path} cannot be used: ${messageOf(error)}.`, { cause: error })
    }
    return new BenchFolder(path, await recordsIn(join(path, journalName)))
  }

  /** What the journal says of the cell as it is now; a record of another measurement is none. */
  recordOf({ id, fingerprint }: Cell): CellRecord | undefined {
    const record = this.#records.get(id)
    return record?.fingerprint === fingerprint ? record : undefined
  }

  /** Returns when the record is on the disk. */
  async add(record: Omit<CellRecord, 'schema'>): Promise<void> {
    try {
      const file = await open(join(this.path, journalName), 'a')
      try {
        await file.write(encodeCellRecord(record))
        await file.datasync()
      } finally {
        await file.close()
      }
    } catch (error) {
      throw environmentError(`--out ${this.path} cannot be written: ${messageOf(error)}.`)
    }
    this.#records.set(record.id, { schema: 'rerankscope.bench-cell/1', ...record })
  }

  /** The cell with its figures, computed anew from its observations; undefined while it has not ended. */
  async resultOf(cell: Cell): Promise<Omit<CellResult, 'cell'> | undefined> {
    const record = this.recordOf(cell)
    if (record === undefined) return undefined
    const hasFigures = record.state === 'measured' || record.state === 'invalid'
    if (!hasFigures || testNamed(cell.test).kind !== 'load') return { record }
    const { summary, telemetry } = await readRun(cellFolder(this.path, cell))
    const utilization = telemetry.flatMap(({ atSeconds, devices }): UtilizationPoint[] => {
      const ratios = devices.flatMap(({ utilizationRatio }) => utilizationRatio ?? [])
      if (ratios.length === 0 || atSeconds < 0) return []
      return [[atSeconds, ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length]]
    })
    return { record, run: runFactsSchema.parse(summary), utilization }
  }

  /** @throws UserError when a file cannot be written. */
  async write(bench: Bench): Promise<void> {
    try {
      for (const { file, render } of benchFormats) {
        await writeFile(join(this.path, file), render(bench))
      }
    } catch (error) {
      throw environmentError(`--out ${this.path} cannot be written: ${messageOf(error)}.`)
    }
  }
}

/** A line that was cut off is taken away, or the next one would be joined to it. */
async function recordsIn(path: string): Promise<ReadonlyMap<string, CellRecord>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return new Map()
    throw environmentError(`${path} cannot be read: ${messageOf(error)}.`, { cause: error })
  }
  try {
    const { records, wholeLength } = readJournal(text)
    if (wholeLength < text.length) {
      await truncate(path, Buffer.byteLength(text.slice(0, wholeLength)))
    }
    return records
  } catch (error) {
    throw usageError(
      `${path}, ${messageOf(error)}: this is no journal of ours; --force begins anew.`,
      { cause: error },
    )
  }
}
