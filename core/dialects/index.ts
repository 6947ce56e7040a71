import type { Dialect } from './dialect.ts'
import { tei } from './tei.ts'

export type { Dialect, WireMessage } from './dialect.ts'

/** Every wire format. One more = one file and one line here. */
export const dialects: readonly Dialect[] = [tei]

export function dialectNamed(name: string): Dialect | undefined {
  return dialects.find((dialect) => dialect.name === name)
}
