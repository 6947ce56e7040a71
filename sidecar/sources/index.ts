import { usageError } from '../../core/errors.ts'
import type { GpuSample, ServingSample } from '../../core/snapshot.ts'
import { servingSource } from '../serving.ts'
import { dcgm } from './dcgm.ts'
import { emulated } from './emulated.ts'
import { infinity } from './infinity.ts'
import { llamacpp } from './llamacpp.ts'
import { nvidiaSmi } from './nvidia-smi.ts'
import { replay } from './replay.ts'
import { rerankscope } from './rerankscope.ts'
import type {
  GpuSource,
  Inventory,
  ServingSource,
  ServingSourceKind,
  Source,
  SourceEnvironment,
} from './source.ts'
import { tei } from './tei.ts'
import { triton } from './triton.ts'
import { vllm } from './vllm.ts'
import { xinference } from './xinference.ts'

interface ServingSourceEntry {
  readonly name: string
  /** How the argument after `name:` is called in the help. */
  readonly argument: string
  readonly load: () => Promise<ServingSourceKind>
}

/** In the order in which `auto` tries them. One more = one file and one line here. */
export const gpuSources: readonly GpuSource[] = [nvidiaSmi, emulated, dcgm, replay]
/** Infinity last: its page holds nothing of its own. */
export const servingSources: readonly ServingSource[] = [
  rerankscope,
  tei,
  vllm,
  triton,
  xinference,
  llamacpp,
  infinity,
]
/** Loaded when one is named: what reads its argument is heavier than all the others together. */
export const servingSourceKinds: readonly ServingSourceEntry[] = [
  { name: 'generic', argument: 'FILE', load: async () => (await import('./generic.ts')).generic },
]

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
  ...servingSourceKinds.map(({ name, argument }) => `${name}:${argument}`),
  'none',
]

/**
 * The source behind a value of `--gpu`, and what tells its inventory; both undefined for `none`.
 * `auto` without any takes the first, whose health then says what is missing. Throws a `UserError`
 * for a value that there is not.
 */
export function gpuSourceOf(
  choice: string,
  environment: SourceEnvironment,
): {
  readonly source?: Source<readonly GpuSample[]>
  readonly inventory?: Source<Inventory> | undefined
} {
  if (choice === 'none') return {}
  const [name = '', ...rest] = choice.split(':')
  const member =
    choice === 'auto'
      ? (gpuSources.find((each) => each.available(environment)) ?? nvidiaSmi)
      : gpuSources.find((each) => each.name === name)
  if (member === undefined || (member.argument === undefined && rest.length > 0)) {
    throw usageError(`--gpu must be one of ${gpuChoices.join(', ')}, not ${choice}.`)
  }
  return {
    source: member.create(environment, rest.join(':')),
    inventory: member.inventory?.(environment),
  }
}

/**
 * The source behind a value of `--server`, read from the target's metrics page; undefined for `none`.
 * Rejects with a `UserError` for a value that there is not.
 */
export async function servingSourceOf(
  choice: string,
  environment: SourceEnvironment,
): Promise<Source<ServingSample> | undefined> {
  if (choice === 'none') return undefined
  const members = await membersOf(choice)
  const { target } = environment
  if (target === undefined) throw usageError(`--server ${choice} needs --target URL.`)
  return servingSource(members, { ...environment, target })
}

async function membersOf(choice: string): Promise<readonly ServingSource[]> {
  if (choice === 'auto') return servingSources
  const [name = '', ...rest] = choice.split(':')
  const kind = servingSourceKinds.find((each) => each.name === name)
  if (kind !== undefined && rest.length > 0) return [(await kind.load()).create(rest.join(':'))]
  const members = servingSources.filter((each) => each.name === choice)
  if (members.length > 0) return members
  throw usageError(`--server must be one of ${serverChoices.join(', ')}, not ${choice}.`)
}
