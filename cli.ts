#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { commands } from './commands/index.ts'
import { exitCodes, messageOf, UserError, type ExitCode } from './core/errors.ts'
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

/** An empty variable is one that is not set, as OpenTelemetry has it: yargs would read a port of 0. */
function dropEmptyVariables(): void {
  for (const [name, value] of Object.entries(process.env)) {
    if (value === '' && name.startsWith('RERANKSCOPE_')) Reflect.deleteProperty(process.env, name)
  }
}

async function main(argv: readonly string[]): Promise<ExitCode> {
  dropEmptyVariables()
  const named = commands.find(({ name }) => name === argv[0])
  for (const flag of named?.v8Flags ?? []) setFlagsFromString(flag)
  // Only now: what is loaded before the flags are set has cost what they save.
  const { parseCommandLine } = await import('./commands/parser.ts')
  const parsed = await parseCommandLine(argv, { version, columns: process.stdout.columns || 80 })
  if (parsed === undefined) return exitCodes.done
  return parsed.command.run(parsed.args, {
    signal: stopSignal(),
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    version,
  })
}

/** One sentence for what a person can mend; everything for what only we can. */
function report(error: unknown): ExitCode {
  if (error instanceof UserError) {
    process.stderr.write(`rerankscope: ${error.message}\n`)
    return error.exitCode
  }
  const details = error instanceof Error ? (error.stack ?? '') : messageOf(error)
  process.stderr.write(
    `rerankscope: this is a bug in rerankscope; please report it with these lines.\n${details}\n`,
  )
  return exitCodes.bug
}

// `rerankscope … | head` closes the pipe early; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done)
  throw error
})
process.exitCode = await main(process.argv.slice(2)).catch(report)
