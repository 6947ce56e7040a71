import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { present } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import { environmentError, exitCodes, messageOf, usageError } from '../core/errors.ts'
import { alternate, compareAll, comparisonFormats, readRun, type Run } from '../loadgen/index.ts'
import { defineCommand, type CommandContext } from './command.ts'
import { readProfile } from './profile-file.ts'
import { writeOut } from './out.ts'
import { exitCodeOf, sloOf, sloOption } from './slo.ts'

export const compare = defineCommand({
  usage: 'compare [folders..]',
  summary: 'Say whether runs differ, and by how much; or let two targets take turns',
  examples: [
    ['compare runs/before runs/after', 'the first is what the others are compared with'],
    ['compare runs/before runs/after --format html --out compare.html', 'one page'],
    [
      'compare --targets http://a:8080 --targets http://b:8080 --profile high --rounds 6',
      'both targets in turns (A B B A …), so that no drift of the machine counts for one',
    ],
  ],
  options: {
    targets: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Two reranker URLs to load in turns, instead of folders',
    },
    profile: {
      type: 'string',
      default: 'low',
      describe: 'What to offer the targets, as in `load`',
    },
    seconds: { type: 'number', default: 20, describe: 'Length of each turn' },
    rounds: { type: 'number', default: 4, describe: 'Turns that each target gets' },
    runs: {
      type: 'string',
      requiresArg: true,
      describe: 'Folder for the runs of the turns',
      defaultDescription: 'runs/compare-<time>',
    },
    format: {
      choices: comparisonFormats.map(({ name }) => name),
      default: 'text',
      describe: comparisonFormats.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    },
    json: { type: 'boolean', default: false, describe: 'The same as --format json' },
    slo: sloOption,
    out: { type: 'string', requiresArg: true, describe: 'File to write instead of printing' },
  },
  async run(args, context) {
    const folders = (args.positional.folders as readonly (string | number)[] | undefined) ?? []
    const slo = args.slo === undefined ? undefined : sloOf(args.slo)
    const [first, second, ...others] =
      args.targets === undefined
        ? await Promise.all(folders.map((folder) => readRun(String(folder), slo)))
        : await inTurns(args, folders, { ...context, slo: slo ?? [] })
    if (first === undefined || second === undefined) {
      throw usageError('Name two run folders or more, or two targets with --targets.')
    }
    const compared = compareAll([first, second, ...others])
    const format = present(
      comparisonFormats.find(({ name }) => name === (args.json ? 'json' : args.format)),
      'yargs let an unknown --format pass.',
    )
    const text = format.render(compared)
    if (args.out === undefined) context.stdout.write(text)
    else await writeOut(args.out, text)
    if (args.targets === undefined && slo === undefined) return exitCodes.done
    return exitCodeOf([first, second, ...others].map(({ summary }) => summary))
  },
})

interface Turns {
  readonly targets?: readonly string[] | undefined
  readonly profile: string
  readonly seconds: number
  readonly rounds: number
  readonly runs: string | undefined
}

async function inTurns(
  { targets = [], profile, seconds, rounds, runs }: Turns,
  folders: readonly (string | number)[],
  { signal, stderr, environment, slo }: CommandContext & { readonly slo: ReturnType<typeof sloOf> },
): Promise<readonly Run[]> {
  const [a, b] = targets
  if (a === undefined || b === undefined || targets.length > 2 || folders.length > 0) {
    throw usageError('--targets takes two URLs, and no run folders beside them.')
  }
  if (!(seconds > 0)) throw usageError('--seconds must be a number of seconds above 0.')
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) {
    throw usageError('--rounds must be a whole number from 1 to 1000.')
  }
  const time = new Date(systemClock.wallSeconds() * 1000).toISOString().slice(0, 19)
  const out = runs ?? join('runs', `compare-${time.replaceAll(':', '-')}`)
  try {
    await mkdir(out, { recursive: true })
  } catch (error) {
    throw environmentError(`--runs ${out} cannot be used: ${messageOf(error)}.`)
  }
  const offered = await readProfile(profile)
  return alternate(
    { targets: [a, b], profile: offered, seconds, rounds, out, slo },
    { signal, stderr, environment },
  )
}
