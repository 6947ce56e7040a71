import { parseCommandLine } from '../../commands/parser.ts'
import type { CommandContext } from '../../commands/command.ts'

/** What `rerankscope WORDS` prints and exits with; `stop` ends what runs until a signal. */
export async function runCommand(
  words: readonly string[],
  {
    stop = new AbortController(),
    environment = {},
  }: {
    readonly stop?: AbortController
    readonly environment?: CommandContext['environment']
  } = {},
) {
  const printed: string[] = []
  const stream = { write: (text: string) => printed.push(text) } as unknown as NodeJS.WriteStream
  const parsed = await parseCommandLine(words, { version: '0', columns: 80 })
  const context: CommandContext = {
    ...{ signal: stop.signal, stdout: stream, stderr: stream },
    ...{ environment, version: '0' },
  }
  const exiting = (async () => parsed?.command.run(parsed.args, context))()
  return { exiting, printed }
}
