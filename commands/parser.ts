import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import yargs, { type Argv } from 'yargs'
import { messageOf, usageError } from '../core/errors.ts'
import type { Arguments, Command } from './command.ts'
import { commands } from './index.ts'

export interface ParsedCommand {
  readonly command: Command
  readonly args: Arguments<Command['options']>
}

/**
 * The command that a command line names, its options checked; undefined when it asked for help or
 * the version, which have then been printed. Throws a `UserError` for anything else.
 */
export async function parseCommandLine(
  argv: readonly string[],
  { version, columns }: { readonly version: string; readonly columns: number },
): Promise<ParsedCommand | undefined> {
  let parsed: ParsedCommand | undefined
  const parser = yargs([...argv])
    .scriptName('rerankscope')
    .usage('rerankscope <command>\n\nSee what your reranker does.')
    .strict()
    .strictCommands()
    .demandCommand(1, 'Name a command')
    .recommendCommands()
    .version(version)
    .alias('h', 'help')
    .wrap(Math.min(110, columns))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // yargs wraps what its own checks and --config throw; anything else is not about usage.
      if (error !== undefined && error.name !== 'YError') throw error
      const sentence = (message ?? error?.message ?? 'Wrong usage')
        .replace(/\s*\n\s*/g, ' ')
        .replace(/(?<![.?])$/, '.')
      throw usageError(`${sentence} See \`rerankscope --help\`.`)
    })
  // The command that is named, or all of them for the help.
  const named = commands.filter(({ name }) => name === argv[0])
  const loaded = await Promise.all((named.length > 0 ? named : commands).map(({ load }) => load()))
  for (const command of loaded) {
    register(parser, command, (args) => {
      parsed = { command, args }
    })
  }
  await parser.parseAsync()
  return parsed
}

function register(
  parser: Argv,
  command: Command,
  found: (args: ParsedCommand['args']) => void,
): void {
  const name = command.usage.split(' ')[0] ?? command.usage
  parser.command(
    command.usage,
    command.summary,
    (builder) => {
      builder
        .options(command.options)
        .env(`RERANKSCOPE_${name.toUpperCase()}`)
        .config('config', 'A YAML file with the same keys as the options', readConfig)
      for (const [line, does] of command.examples) builder.example(`rerankscope ${line}`, does)
      return builder
    },
    (args) => {
      found({ ...args, positional: args })
    },
  )
}

function readConfig(path: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw usageError(`--config ${path} cannot be read: ${messageOf(error)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError(`--config ${path} must hold a YAML mapping of option names to values.`)
  }
  return value as Record<string, unknown>
}
