import sax from 'sax'
import { LineSplitter } from './lines.ts'

/** The texts of a part of a document by their path in it (`fb_memory_usage/used`), the first of each. */
export type Texts = ReadonlyMap<string, string>

export interface GpuElement {
  readonly texts: Texts
  /** The elements that come many times. */
  readonly migDevices: readonly Texts[]
  readonly processes: readonly Texts[]
  readonly processCount: number
}

export interface NvidiaDocument {
  /** Of the document as a whole: `driver_version`. */
  readonly texts: Texts
  readonly gpus: readonly GpuElement[]
  /** Places where it is no XML, and GPUs beyond the limit. */
  readonly faults: number
}

const rootName = 'nvidia_smi_log'
const maximumGpus = 256
const maximumMigDevices = 64
const maximumProcesses = 256

const maximumLineLength = 16_384

/**
 * Takes what `nvidia-smi -q -x` prints, as it comes: 26 KB a GPU at once would hold up everything
 * else. Never throws: a place that is no XML is counted and passed over, and a GPU whose element
 * does not end is left out.
 */
export class DocumentReader {
  readonly #texts = new Map<string, string>()
  readonly #gpus: GpuElement[] = []
  readonly #splitter = new LineSplitter(maximumLineLength)
  readonly #parser = sax.parser(true, { trim: true })
  #faults = 0
  #gpu: Building | undefined
  #path: string[] = []
  #text = ''
  #inClocks = false

  constructor() {
    const parser = this.#parser
    parser.onerror = () => {
      this.#faults += 1
      // Without this it would refuse all that follows.
      parser.error = null as unknown as Error
      parser.resume()
    }
    parser.onopentag = ({ name }) => {
      this.#open(name)
    }
    parser.ontext = (text) => {
      this.#text += text
    }
    parser.onclosetag = (name) => {
      this.#close(name)
    }
  }

  push(chunk: string): void {
    for (const line of this.#splitter.push(chunk)) {
      // Long, of no use to us, and the part that some drivers do not close properly.
      if (line.includes('<supported_clocks>')) this.#inClocks = true
      if (!this.#inClocks) this.#parser.write(`${line}\n`)
      if (line.includes('</supported_clocks>')) this.#inClocks = false
    }
  }

  /** The document as far as it came. */
  end(): NvidiaDocument {
    this.push('\n')
    return {
      texts: this.#texts,
      gpus: this.#gpus,
      faults: this.#faults + this.#splitter.droppedLines,
    }
  }

  #open(name: string): void {
    this.#text = ''
    if (name === 'gpu' && this.#path.length === 1) {
      this.#gpu = new Building()
      this.#path = []
    } else {
      this.#path.push(name)
      this.#gpu?.open(this.#path)
    }
  }

  #close(name: string): void {
    const path = this.#path
    if (this.#gpu === undefined) {
      if (path.length === 2) this.#texts.set(name, this.#text)
      path.pop()
    } else if (path.length === 0) {
      if (this.#gpus.length < maximumGpus) this.#gpus.push(this.#gpu)
      else this.#faults += 1
      this.#gpu = undefined
      this.#path = [rootName]
    } else {
      this.#gpu.close(path, this.#text)
      path.pop()
    }
    this.#text = ''
  }
}

class Building implements GpuElement {
  readonly texts = new Map<string, string>()
  readonly migDevices: Map<string, string>[] = []
  readonly processes: Map<string, string>[] = []
  processCount = 0

  open(path: readonly string[]): void {
    const name = path.join('/')
    if (name === 'mig_devices/mig_device' && this.migDevices.length < maximumMigDevices) {
      this.migDevices.push(new Map())
    }
    if (name === 'processes/process_info') {
      this.processCount += 1
      if (this.processCount <= maximumProcesses) this.processes.push(new Map())
    }
  }

  close(path: readonly string[], text: string): void {
    const [outer, inner, ...rest] = path
    const list =
      inner === 'mig_device' && outer === 'mig_devices'
        ? this.migDevices
        : inner === 'process_info' && outer === 'processes' && this.processCount <= maximumProcesses
          ? this.processes
          : undefined
    const into = list?.at(-1) ?? this.texts
    const name = (list === undefined ? path : rest).join('/')
    if (text !== '' && !into.has(name)) into.set(name, text)
  }
}
