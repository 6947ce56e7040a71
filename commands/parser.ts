import yargs, { type Argv, type Options } from 'yargs'
import { usageError } from '../core/errors.ts'
import type { Arguments, Command } from './command.ts'
import { closest } from './closest.ts'
import { helpPage } from './help.ts'
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
  given: readonly string[],
  { version, columns }: { readonly version: string; readonly columns: number },
): Promise<ParsedCommand | undefined> {
  // `rerankscope help load` is what people type when they have not read anything yet.
  const argv = given[0] === 'help' ? [...given.slice(1), '--help'] : [...given]
  // The command that is named, or all of them for the help.
  const named = commands.filter(({ name }) => name === argv[0])
  const loaded = await Promise.all((named.length > 0 ? named : commands).map(({ load }) => load()))
  const command = named.length > 0 ? loaded[0] : undefined
  const help = ['rerankscope', ...named.map(({ name }) => name), '--help'].join(' ')
  const width = Math.min(110, columns)
  let parsed: ParsedCommand | undefined
  const parser = yargs()
    .scriptName('rerankscope')
    .usage('rerankscope <command>\n\nSee what your reranker does.')
    // Ours is English alone: half a page in the language of the shell helps nobody.
    .locale('en')
    .updateStrings(sentences)
    .strict()
    .strictCommands()
    .demandCommand(1, 'Name a command')
    .version(version)
    .alias('h', 'help')
    .alias('v', 'version')
    .wrap(width)
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      // yargs wraps what its own checks and --config throw; anything else is not about usage.
      if (error !== undefined && error.name !== 'YError') throw error
      const sentence = inWords(message ?? error?.message ?? 'Wrong usage', argv[0], command)
        .replace(/\s*\n\s*/g, ' ')
        .trim()
        .replace(/(?<![.?])$/, '.')
      throw usageError(`${sentence} See \`${help}\`.`)
    })
  for (const each of loaded) {
    register(parser, each, argv, (args) => {
      parsed = { command: each, args }
    })
  }
  await parser.parseAsync(argv, {}, (_error: unknown, _args: unknown, page: string) => {
    if (page !== '') console.log(helpPage(page, command, argv, width))
  })
  return parsed
}

/** What yargs says, in words of ours. */
const sentences = {
  'Argument: %s, Given: %s, Choices: %s': '--%s cannot be %s: choose one of %s.',
  'Not enough arguments following: %s': '--%s needs a value.',
  'Missing required argument: %s': { one: '--%s is missing.', other: 'These are missing: %s.' },
} as unknown as Record<string, string>

/** What yargs says too briefly: a name alone does not say what is wrong, nor a count what is missing. */
function inWords(message: string, word = '', command?: Command): string {
  if (message.startsWith('Not enough non-option arguments')) {
    return `Something is missing: \`rerankscope ${command?.usage ?? ''}\``
  }
  if (message.startsWith('Invalid values')) return message.slice('Invalid values:'.length)
  const [, kind, list = ''] = /^Unknown (argument|command)s?: (.*)$/s.exec(message) ?? []
  if (kind === undefined) return message
  if (command === undefined) {
    const names = commands.map(({ name }) => name)
    return `There is no command ${word}${guess(word, names, '')}`
  }
  const [first = ''] = list.split(', ')
  // A variable's name comes in camel case.
  const name = first.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  if (kind === 'command') {
    return `${first} belongs to no option: \`rerankscope ${command.usage}\` takes what it needs as --OPTION VALUE`
  }
  const options = Object.keys(command.options)
  const variable = variableOf(command, name)
  return process.env[variable] === undefined
    ? `There is no option ${name.length > 1 ? '--' : '-'}${name}${guess(name, options, '--')}`
    : `The variable ${variable} sets no option of \`${nameOf(command)}\`${guess(name, options, '--')}`
}

function guess(word: string, words: readonly string[], dashes: string): string {
  const meant = closest(word, words)
  return meant === undefined ? '' : `: did you mean ${dashes}${meant}?`
}

const nameOf = ({ usage }: Command): string => usage.split(' ')[0] ?? usage

/** Without its dash: a shell takes none in the name of a variable. */
const prefixOf = (command: Command): string =>
  `RERANKSCOPE_${nameOf(command).replaceAll('-', '').toUpperCase()}`

function variableOf(command: Command, option: string): string {
  return `${prefixOf(command)}_${option.replaceAll('-', '_').toUpperCase()}`
}

function register(
  parser: Argv,
  command: Command,
  argv: readonly string[],
  found: (args: ParsedCommand['args']) => void,
): void {
  parser.command(
    command.usage,
    command.summary,
    (builder) => {
      builder
        .options(requiringValues(command.options))
        .env(`${prefixOf(command)}_`)
        .config('config', 'A YAML file with the same keys as the options', (path) =>
          readConfig(path, command.options),
        )
        .epilogue(
          `Environment: ${prefixOf(command)}_<OPTION> sets an option, - written as _. A flag wins over it, and it over --config.`,
        )
      return builder
    },
    (args) => {
      checkTypes(command, argv, args)
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
  command: Command,
  argv: readonly string[],
  args: Readonly<Record<string, unknown>>,
): void {
  for (const [name, option] of Object.entries(command.options)) {
    const value = args[name]
    if (value === undefined || isList(option)) continue
    if (Array.isArray(value)) throw usageError(`--${name} was given twice: give it once.`)
    if (typeof value !== typeOf(option) || Number.isNaN(value)) {
      const isFlag = argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`))
      const variable = variableOf(command, name)
      const what = isFlag || process.env[variable] === undefined ? `--${name}` : variable
      throw usageError(`${wrongType(what, option)} See \`rerankscope ${nameOf(command)} --help\`.`)
    }
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
