import yargs, { type Argv, type Options } from 'yargs'
import { usageError } from '../core/errors.ts'
import type { Arguments, Command } from './command.ts'
import { commands } from './index.ts'
import { readYaml } from './yaml-file.ts'

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
  // The command that is named, or all of them for the help.
  const named = commands.filter(({ name }) => name === argv[0])
  const help = ['rerankscope', ...named.map(({ name }) => name), '--help'].join(' ')
  const loaded = await Promise.all((named.length > 0 ? named : commands).map(({ load }) => load()))
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
      const sentence = inWords(message ?? error?.message ?? 'Wrong usage', argv[0], loaded[0])
        .replace(/\s*\n\s*/g, ' ')
        .replace(/(?<![.?])$/, '.')
      throw usageError(`${sentence} See \`${help}\`.`)
    })
  for (const command of loaded) {
    register(parser, command, (args) => {
      parsed = { command, args }
    })
  }
  await parser.parseAsync()
  return parsed
}

/** What yargs says too briefly: a guess alone does not say what is wrong, nor a count what is missing. */
function inWords(message: string, word = '', command?: Command): string {
  if (message.startsWith('Did you mean')) {
    return `There is no command ${word}: did you mean ${message.slice('Did you mean '.length)}`
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return `Something is missing: \`rerankscope ${command?.usage ?? ''}\``
  }
  return message
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
        .options(requiringValues(command.options))
        .env(`RERANKSCOPE_${name.toUpperCase()}`)
        .config('config', 'A YAML file with the same keys as the options', (path) =>
          readConfig(path, command.options),
        )
        .epilogue(
          `Environment: RERANKSCOPE_${name.toUpperCase()}_<OPTION> sets an option, - written as _. A flag wins over it, and it over --config.`,
        )
      for (const [line, does] of command.examples) builder.example(`rerankscope ${line}`, does)
      return builder
    },
    (args) => {
      checkTypes(name, command.options, args)
      found({ ...args, positional: args })
    },
  )
}

/** `--port` with nothing after it is a slip of the hand, not a wish for the default. */
function requiringValues(options: Command['options']): Command['options'] {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      option.type === 'boolean' ? option : { ...option, requiresArg: true },
    ]),
  )
}

/**
 * yargs makes a list of an option that is given twice, NaN of a number that is none, and takes from a
 * config file whatever it holds: a command must not meet a value of another type than it declared.
 */
function checkTypes(
  command: string,
  options: Command['options'],
  args: Readonly<Record<string, unknown>>,
): void {
  for (const [name, option] of Object.entries(options)) {
    const value = args[name]
    if (value === undefined || isList(option)) continue
    if (Array.isArray(value)) throw usageError(`--${name} was given twice: give it once.`)
    if (typeof value !== typeOf(option) || Number.isNaN(value))
      throw usageError(`${wrongType(`--${name}`, option)} See \`rerankscope ${command} --help\`.`)
  }
}

/** What `checkTypes` can no longer see: yargs reads an empty value as 0 and "yes" as false. */
function checkConfig(path: string, options: Command['options'], values: Config): void {
  for (const [name, option] of Object.entries(options)) {
    const camelCase = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    for (const key of new Set([name, camelCase])) {
      if (!Object.hasOwn(values, key)) continue
      const value = values[key]
      const isScalar = ['string', 'number', 'boolean'].includes(typeof value)
      const fits = typeOf(option) === 'boolean' ? typeof value === 'boolean' : isScalar
      if (!fits && !(isList(option) && Array.isArray(value))) {
        throw usageError(wrongType(`--config ${path}: ${key}`, option))
      }
    }
  }
}

function wrongType(what: string, option: Options): string {
  const wanted = { number: 'a number', boolean: 'true or false', string: 'a text' }[typeOf(option)]
  return `${what} must be ${wanted}.`
}

function typeOf({ type }: Options): 'number' | 'boolean' | 'string' {
  return type === 'number' || type === 'boolean' ? type : 'string'
}

function isList(option: Options): boolean {
  return option.type === 'array' || option.array === true
}

type Config = Readonly<Record<string, unknown>>

function readConfig(path: string, options: Command['options']): Config {
  const value = readYaml('--config', path)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError(`--config ${path} must hold a YAML mapping of option names to values.`)
  }
  checkConfig(path, options, value as Config)
  return value as Config
}
