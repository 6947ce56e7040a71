import type { Command } from './command.ts'
import { doctor } from './doctor.ts'
import { sidecar } from './sidecar.ts'

/** Every command, in the order of `--help`. One more = one file and one line here. */
export const commands: readonly Command[] = [doctor, sidecar]
