import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What nvidia-smi saw while something ran; absent where it says N/A or is not there. */
export interface GpuFigures {
  readonly utilizationPercent?: number
  readonly memoryMib?: number
  readonly powerWatts?: number
}

const fields = ['utilization.gpu', 'memory.used', 'power.draw']

/** Starts watching the first GPU five times a second; `stop` ends it and says what was seen. */
export function watchGpu(): { readonly stop: () => Promise<GpuFigures> } {
  const child = spawn(
    'nvidia-smi',
    ['-i', '0', `--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits', '-lms', '200'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (some: string) => (text += some))
  const gone = once(child, 'close').catch(() => undefined)
  return {
    async stop() {
      child.kill()
      await gone
      const rows = text
        .trim()
        .split('\n')
        .map((line) => line.split(',').map((cell) => Number.parseFloat(cell)))
      const column = (at: number) =>
        rows.map((row) => row[at] ?? NaN).filter((value) => Number.isFinite(value))
      const mean = (values: readonly number[]) =>
        values.reduce((sum, value) => sum + value, 0) / values.length
      const [utilization, memory, power] = [column(0), column(1), column(2)]
      return {
        ...(utilization.length > 0 && { utilizationPercent: mean(utilization) }),
        ...(memory.length > 0 && { memoryMib: Math.max(...memory) }),
        ...(power.length > 0 && { powerWatts: mean(power) }),
      }
    },
  }
}
