import type { CellResult } from './results.ts'
import type { Row } from './row.ts'
import { spreadOf, sumOf } from './spread.ts'

/**
 * What a target needs of its device: the difference to before it was there, at rest and under the
 * heaviest load of each round; of a device that nobody saw before, all that is used on it.
 */
export function memoryOf(results: readonly CellResult[]): Row['memory'] {
  const facts = results.flatMap(({ cell, record }) =>
    record.memory === undefined ? [] : [{ ...record.memory, round: cell.round }],
  )
  const seenBefore = facts.some(({ beforeBytes }) => beforeBytes !== undefined)
  const before = new Map(facts.map(({ round, beforeBytes }) => [round, beforeBytes]))
  const peaks = results.flatMap(({ cell, run }) => {
    const bytes = sumOf(run?.gpu?.devices.map(({ memoryUsedBytes }) => memoryUsedBytes.max) ?? [])
    return bytes === null ? [] : [{ round: cell.round, bytes }]
  })
  const rounds = [...new Set(peaks.map(({ round }) => round))]
  const under = rounds.map((round) => {
    // The whole device of one round compares with no difference of another.
    if (seenBefore && before.get(round) === undefined) return null
    const peak = Math.max(...peaks.filter((one) => one.round === round).map(({ bytes }) => bytes))
    return peak - (before.get(round) ?? 0)
  })
  const [first] = facts
  const ofDevice = results.some(({ run }) => run?.gpu && run.gpu.source !== 'emulated')
  const wholeDevice = first === undefined ? ofDevice : first.of === 'device' && !seenBefore
  return {
    of:
      first === undefined && peaks.length === 0
        ? null
        : wholeDevice
          ? 'device_whole'
          : (first?.of ?? 'process'),
    loadedBytes: spreadOf(
      facts.map(({ loadedBytes, beforeBytes = 0 }) => loadedBytes - beforeBytes),
    ),
    underLoadBytes: spreadOf(under),
    processBytes: spreadOf(facts.map(({ processBytes }) => processBytes)),
  }
}
