import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The words of `--nvidia-smi`: a program by name or path, or a command with arguments, as in
 * `ssh gpu-host nvidia-smi`. Single and double quotes hold a word together; no shell is asked, so
 * nothing else has a meaning. A path with spaces is one word where such a file exists.
 */
export function wordsOf(command: string): readonly string[] {
  if (command.includes('/') && isExecutable(command, {})) return [command]
  const words = [...command.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)]
  return words.map(([, double, single, bare]) => double ?? single ?? bare ?? '')
}

/** Whether `program` can be started: itself where it is a path, else in a folder of PATH. */
export function isExecutable(program: string, environment: Environment): boolean {
  const places = program.includes('/')
    ? [program]
    : (environment['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program))
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

const shell = '/bin/sh'

/**
 * Waits on a pipe that we hold open, and kills the whole process group when it breaks: a sidecar
 * that dies of SIGKILL can end nothing itself, and an nvidia-smi that hangs would stay for ever.
 * The program takes the place of the shell, so its process id and its exit code are its own.
 */
const guard = 'exec 3<&0; (read -r _ <&3; kill -9 0) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null'

/** What to start so that `words` runs guarded; unguarded where there is no shell (distroless images). */
export function guarded(words: readonly string[]): readonly string[] {
  return isExecutable(shell, {}) ? [shell, '-c', guard, 'sh', ...words] : words
}
