import { autocannonEngine } from './autocannon/index.ts'
import type { EngineMember } from './engine.ts'
import { k6Engine } from './k6/index.ts'

export { readK6Parts } from './k6/parts.ts'
export { k6Remedy } from './k6/program.ts'
export { keyRefused } from './engine.ts'
export type {
  Endpoint,
  Engine,
  EngineMember,
  EngineOptions,
  Judgement,
  Replay,
  ReplayEnd,
  Saturation,
  SaturationEnd,
} from './engine.ts'

/** Every engine. One more = one file or folder and one line here. */
export const engines: readonly EngineMember[] = [autocannonEngine, k6Engine]
