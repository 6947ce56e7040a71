import { usageError } from '../../core/errors.ts'
import type { Grafana } from '../../core/grafana.ts'
import type { CommandContext } from '../command.ts'
import { grafanaOf } from '../grafana.ts'
import type { DashboardArguments } from './options.ts'

/** The Grafana that is named. Throws a `UserError` (usage) when none is. */
export function grafanaGiven(args: DashboardArguments, { environment }: CommandContext): Grafana {
  const grafana = grafanaOf(args['grafana-url'], args['grafana-token-file'], environment)
  if (grafana !== undefined) return grafana
  throw usageError('Say which Grafana, with --grafana-url URL.')
}
