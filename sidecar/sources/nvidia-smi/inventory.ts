import { targetProcessOf } from '../../target-process.ts'
import type { Inventory, Source, SourceEnvironment } from '../source.ts'
import { Launcher } from './launcher.ts'

/** 64 GPUs print under 4 MiB; what is longer is no such document. */
const maximumLength = 16 * 1024 * 1024
const readingSeconds = 15

/** One `nvidia-smi -q -x` a reading: what no row of the loop says, at a price that is paid seldom. */
export function inventorySource(environment: SourceEnvironment): Source<Inventory> {
  const launcher = new Launcher(environment)
  let droppedLines = 0
  return {
    name: 'nvidia-smi-inventory',
    open: async () => {
      // Loaded here: an XML parser must not weigh on a sidecar that watches no GPU.
      const [{ DocumentReader }, { normaliseXml }] = await Promise.all([
        import('../../normalise/nvidia-document.ts'),
        import('../../normalise/nvidia-xml.ts'),
      ])
      return {
        pace: 'loop',
        readingSeconds,
        get droppedLines() {
          return droppedLines
        },
        async read(signal) {
          const document = new DocumentReader()
          let length = 0
          const limit = new AbortController()
          const { code, sentence } = await launcher.run(
            ['-q', '-x'],
            (chunk) => {
              length += chunk.length
              if (length > maximumLength) limit.abort()
              else document.push(chunk)
            },
            AbortSignal.any([signal, limit.signal]),
          )
          const read = document.end()
          const gpus = normaliseXml(read)
          droppedLines += read.faults
          if (limit.signal.aborted) {
            throw new Error(`nvidia-smi -q -x printed more than ${String(maximumLength)} bytes.`)
          }
          // One that cannot ask one of the GPUs still says what the others are.
          if (gpus.length === 0) {
            throw new Error(code === 0 ? 'nvidia-smi -q -x printed no GPU.' : sentence)
          }
          const { target } = environment
          return {
            gpus: gpus.map(({ inventory }) => inventory),
            process: target && (await targetProcessOf(target.url)),
          }
        },
        close: () => undefined,
      }
    },
  }
}
