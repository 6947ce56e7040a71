import { autocannonEngine } from './autocannon/index.ts'
import type { Engine } from './engine.ts'

export type { Endpoint, Engine, Judgement, Replay, ReplayEnd } from './engine.ts'

/** Every engine. One more = one file or folder and one line here. */
export const engines: readonly Engine[] = [autocannonEngine]
