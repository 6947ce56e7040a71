import { usageError } from '../../core/errors.ts'
import type { GpuSample, ServingSample } from '../../core/snapshot.ts'
import { emulated } from './emulated.ts'
import { nvidiaSmi } from './nvidia-smi.ts'
import { replay } from './replay.ts'
import { rerankscope } from './rerankscope.ts'
import type { GpuSource, ServingSource, Source, SourceEnvironment } from './source.ts'

/** In the order in which `auto` tries them. One more = one file and one line here. */
export const gpuSources: readonly GpuSource[] = [nvidiaSmi, emulated, replay]
export const servingSources: readonly ServingSource[] = [rerankscope]

/** The values of `--gpu`, as the help shows them. */
export const gpuChoices: readonly string[] = [
  'auto',
  ...gpuSources.map(({ name, argument }) => (argument ? `${name}:${argument}` : name)),
  'none',
]
/** The values of `--server`. */
export const serverChoices: readonly string[] = [
  'auto',
  ...servingSources.map(({ name }) => name),
  'none',
]

/**
 * The source behind a value of `--gpu`; undefined for `none`. `auto` without any takes the first,
 * whose health then says what is missing. Throws a `UserError` for a value that there is not.
 */
export function gpuSourceOf(
  choice: string,
  environment: SourceEnvironment,
): Source<readonly GpuSample[]> | undefined {
  if (choice === 'none') return undefined
  if (choice === 'auto') {
    const member = gpuSources.find((each) => each.available(environment)) ?? gpuSources[0]
    return member?.create(environment, '')
  }
  const [name = '', ...rest] = choice.split(':')
  const member = gpuSources.find((each) => each.name === name)
  if (member === undefined || (member.argument === undefined && rest.length > 0)) {
    throw usageError(`--gpu must be one of ${gpuChoices.join(', ')}, not ${choice}.`)
  }
  return member.create(environment, rest.join(':'))
}

/** The source behind a value of `--server`, read from the target's metrics page; undefined for `none`. */
export function servingSourceOf(
  choice: string,
  { target }: SourceEnvironment,
): Source<ServingSample> | undefined {
  if (choice === 'none') return undefined
  const members = servingSources.filter(({ name }) => choice === 'auto' || choice === name)
  if (members.length === 0) {
    throw usageError(`--server must be one of ${serverChoices.join(', ')}, not ${choice}.`)
  }
  if (target === undefined) throw usageError(`--server ${choice} needs --target URL.`)
  const names = members.map(({ name }) => name).join(', ')
  let droppedLines = 0
  return {
    // Not the member's name: a series must not change its label when the server is recognised.
    name: 'serving',
    open: () =>
      Promise.resolve({
        pace: 'loop' as const,
        get droppedLines() {
          return droppedLines
        },
        async read(signal: AbortSignal) {
          const page = await target.page(signal)
          droppedLines += page.droppedLines
          const member = members.find((each) => each.recognises(page))
          if (member === undefined) {
            throw new Error(
              `the metrics of ${target.url} are not those of a server that is known here (${names}): use --server none to watch the GPU alone.`,
            )
          }
          return member.normalise(page)
        },
        close: () => undefined,
      }),
  }
}
