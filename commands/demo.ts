import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { exitCodes, usageError, type ExitCode } from '../core/errors.ts'
import { formatRunTable, prepareFolder, profiles, runLoad, type Run } from '../loadgen/index.ts'
import { startProgram, untilReady, type RunningProgram } from './children.ts'
import { defineCommand, type CommandContext } from './command.ts'

export const demo = defineCommand({
  usage: 'demo',
  summary: 'Run the main job on the embedded defaults: server, sidecar, both profiles, one table',
  examples: [
    ['demo', 'both profiles, 30 s each'],
    ['demo --seconds 10 --out runs/first', 'shorter, with the run folders where you want them'],
    ['demo --keep', 'leave server and sidecar running and print their URLs'],
  ],
  options: {
    seconds: { type: 'number', default: 30, describe: 'Length of each profile, in seconds' },
    profiles: { type: 'string', default: 'low,high', describe: 'Profiles to replay, in order' },
    out: {
      type: 'string',
      describe: 'Folder for the run folders',
      defaultDescription: 'runs/demo-<time>',
    },
    force: { type: 'boolean', default: false, describe: 'Overwrite the runs that --out holds' },
    keep: {
      type: 'boolean',
      default: false,
      describe: 'Leave everything running until Ctrl-C, and print the URLs',
    },
  },
  async run(args, context) {
    if (!(args.seconds > 0)) throw usageError('--seconds must be more than 0.')
    if (args.out === '') throw usageError('--out is empty: name a folder, or leave it out.')
    const names = profilesOf(args.profiles)
    const running: RunningProgram[] = []
    try {
      return await demonstrate({ ...args, names }, context, running)
    } catch (error) {
      // Whatever was under way when the person stopped it is no error of anybody's.
      if (!context.signal.aborted) throw error
      context.stderr.write('Stopped.\n')
      return exitCodes.invalidRun
    } finally {
      // In reverse: the sidecar must not report a target that we stopped ourselves.
      for (const program of running.reverse()) await program.stop()
    }
  },
})

/** Checked before anything starts: each profile once, because its name is its folder's. */
function profilesOf(list: string): readonly string[] {
  const names = list.split(',').map((name) => name.trim())
  const known: readonly string[] = profiles.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw usageError(
      `--profiles must name profiles with commas between them (${known.join(',')}), not "${list}".`,
    )
  }
  if (new Set(names).size < names.length) {
    throw usageError(`--profiles names a profile twice ("${list}"): name each once.`)
  }
  return names
}

interface DemoOptions {
  readonly seconds: number
  readonly names: readonly string[]
  readonly out: string | undefined
  readonly force: boolean
  readonly keep: boolean
}

async function demonstrate(
  options: DemoOptions,
  { signal, stdout, stderr, environment }: CommandContext,
  running: RunningProgram[],
): Promise<ExitCode> {
  const start = async (programArguments: readonly string[]): Promise<RunningProgram> => {
    const program = await startProgram(programArguments, { clock: systemClock, signal })
    running.push(program)
    return program
  }
  const out = options.out ?? join('runs', `demo-${timestamp(systemClock.wallSeconds())}`)
  // All of them now: a folder in use must not stop the demo when half of it has run.
  for (const name of options.names) await prepareFolder(join(out, name), options.force)
  stderr.write('Starting the reference server (embedded model) and the sidecar …\n')
  const server = await start(['serve', '--model', 'embedded', '--port', '0'])
  const gpu = (await runsOnGpu(server.url)) ? 'auto' : 'emulated'
  const sidecar = await start([
    'sidecar',
    ...['--target', server.url, '--gpu', gpu, '--listen', '127.0.0.1:0'],
  ])
  await untilReady(`${sidecar.url}/-/ready`, { clock: systemClock, signal })

  const runs: Run[] = []
  for (const profile of options.names) {
    if (signal.aborted) break
    runs.push(
      await runLoad(
        {
          target: server.url,
          sidecar: sidecar.url,
          profile,
          seconds: options.seconds,
          out: join(out, profile),
          force: options.force,
        },
        { signal, stderr, environment },
      ),
    )
  }
  stdout.write(`\n${formatRunTable(runs, stdout.columns)}\n`)
  for (const { folder } of runs) stdout.write(`${join(folder, 'report.html')}\n`)
  if (options.keep && !signal.aborted) {
    stdout.write(
      `\nStill running, Ctrl-C stops both:\n  server   ${server.url}\n  sidecar  ${sidecar.url}/metrics\n`,
    )
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve()
      })
    })
  }
  const invalid = runs.some(({ summary }) => !summary.validity.valid)
  return invalid ? exitCodes.invalidRun : exitCodes.done
}

/** Whether the reference server says that it computes on a GPU. */
async function runsOnGpu(serverUrl: string): Promise<boolean> {
  const response = await fetch(`${serverUrl}/info`)
  return /"device":"cuda/.test(await response.text())
}

/** 2026-11-22T15-04-05, safe in a file name on every system. */
function timestamp(wallSeconds: number): string {
  return new Date(wallSeconds * 1000).toISOString().slice(0, 19).replaceAll(':', '-')
}
