import type { Architecture } from './architecture.ts'
import { bert } from './bert.ts'
import { xlmRoberta } from './xlm-roberta.ts'

export type { Architecture, EncoderConfig } from './architecture.ts'

/** Every architecture that our builder writes. One more = one file and one line here. */
export const architectures: readonly Architecture[] = [bert, xlmRoberta]
