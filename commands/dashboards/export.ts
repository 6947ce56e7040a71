import { exitCodes, usageError, type ExitCode } from '../../core/errors.ts'
import { parseTargetUrl } from '../../core/target-url.ts'
import { formats } from '../../dashboards/index.ts'
import type { CommandContext } from '../command.ts'
import { exportFiles } from '../export.ts'
import { chosenBoards } from './chosen.ts'
import type { DashboardArguments } from './options.ts'

/** Writes the boards in the form that `--format` names. */
export function exportBoards(args: DashboardArguments, context: CommandContext): ExitCode {
  const scrapeSeconds = args['scrape-seconds']
  if (!(scrapeSeconds > 0)) throw usageError('--scrape-seconds must be more than 0.')
  const options = {
    folder: args.folder,
    // A credential in the address stays behind: it has no place in a file.
    prometheusUrl: parseTargetUrl(args.prometheus, '--prometheus').url,
    scrapeSeconds,
  }
  const format = formats.find(({ name }) => name === args.format)
  const files = format?.files(chosenBoards(args.board), options) ?? []
  exportFiles(args.out, files, context)
  return exitCodes.done
}
