import { alerts } from './alerts.ts'
import type { Command } from './command.ts'
import { dashboards } from './dashboards.ts'
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { load } from './load.ts'
import { model } from './model.ts'
import { report } from './report.ts'
import { serve } from './serve.ts'
import { sidecar } from './sidecar.ts'

/** Every command, in the order of `--help`. One more = one file and one line here. */
export const commands: readonly Command[] = [
  demo,
  serve,
  sidecar,
  load,
  report,
  model,
  dashboards,
  alerts,
  doctor,
]
