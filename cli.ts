#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { commands } from './commands/index.ts'
import type { Command, CommandContext } from './commands/command.ts'
import { exitCodes, messageOf, usageError, UserError, type ExitCode } from './core/errors.ts'
import { packageFile } from './core/program.ts'

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  version: string
}

/** Aborts on the first signal; a second one means that the person no longer wants to wait. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // Started by another program of ours (the demo): when that one dies, nobody else would stop us.
  process.once('disconnect', stop)
  process.channel?.unref()
  return controller.signal
}

async function main(argv: readonly string[]): Promise<ExitCode> {
  const context: CommandContext = {
    signal: stopSignal(),
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    version,
  }
  let outcome: Promise<ExitCode> = Promise.resolve(exitCodes.done)
  const parser = yargs(argv as string[])
    .scriptName('rerankscope')
    .usage('rerankscope <command>\n\nSee what your reranker does.')
    .strict()
    .demandCommand(1, 'Name a command')
    .recommendCommands()
    .version(version)
    .alias('h', 'help')
    .wrap(Math.min(110, process.stdout.columns || 100))
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? usageError(`${message ?? 'Wrong usage'}. See \`rerankscope --help\`.`)
    })
  for (const command of commands) {
    register(parser, command, (args) => {
      outcome = command.run(args, context)
    })
  }
  await parser.parseAsync()
  return outcome
}

function register(
  parser: ReturnType<typeof yargs>,
  command: Command,
  start: (args: Parameters<Command['run']>[0]) => void,
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
      start({ ...args, positional: args })
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
    throw usageError(`--config ${path} must hold a YAML mapping of option names to values`)
  }
  return value as Record<string, unknown>
}

try {
  process.exitCode = await main(hideBin(process.argv))
} catch (error) {
  if (error instanceof UserError) {
    process.stderr.write(`rerankscope: ${error.message}\n`)
    process.exitCode = error.exitCode
  } else {
    process.stderr.write(
      `rerankscope: ${messageOf(error)}\nThis is a bug in rerankscope; please report it with the lines below.\n`,
    )
    process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : ''}\n`)
    process.exitCode = exitCodes.bug
  }
}
