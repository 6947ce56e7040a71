import { exitCodes, type ExitCode } from '../../core/errors.ts'
import { parseTargetUrl } from '../../core/target-url.ts'
import { formats } from '../../dashboards/index.ts'
import type { CommandContext } from '../command.ts'
import { exportFiles } from '../export.ts'
import { boardsToHandOut } from './chosen.ts'
import { scrapeSecondsOf, type DashboardArguments } from './options.ts'

/** By the name that it has in most deployments. */
const usualPrometheus = 'http://prometheus:9090'

/** Writes the boards in the form that `--format` names. */
export function exportBoards(args: DashboardArguments, context: CommandContext): ExitCode {
  const options = {
    folder: args.folder,
    // A credential in the address stays behind: it has no place in a file.
    prometheusUrl: parseTargetUrl(args.prometheus ?? usualPrometheus, '--prometheus').url,
    scrapeSeconds: scrapeSecondsOf(args),
  }
  const format = formats.find(({ name }) => name === args.format)
  const files = format?.files(boardsToHandOut(args), options) ?? []
  exportFiles(args.out, files, context)
  return exitCodes.done
}
