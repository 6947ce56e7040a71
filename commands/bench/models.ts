import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Matrix, Target } from '../../comparison/index.ts'
import {
  buildModel,
  describeModel,
  dtypeNames,
  embeddedName,
  modelFolder,
  openRecipe,
  sizeOf,
} from '../../reference-server/index.ts'
import type { CommandContext } from '../command.ts'
import { modelCache } from '../model-cache.ts'

/** Of the random weights of a twin; they decide nothing that is measured but its quality. */
const twinSeed = 1

/**
 * What `serve --model` is given for each target that we start; twins are built into `folder`, once.
 *
 * @throws UserError when a twin cannot be built.
 */
export async function modelsByTarget(
  { targets }: Matrix,
  folder: string,
  { signal, stderr }: CommandContext,
): Promise<ReadonlyMap<string, string>> {
  const models = new Map<string, string>()
  for (const { name, serve } of targets) {
    if (serve === undefined) continue
    models.set(name, serve.model ?? (await builtTwin(serve, folder, { signal, stderr })))
  }
  return models
}

async function builtTwin(
  { twin = '', dtype }: NonNullable<Target['serve']>,
  folder: string,
  { signal, stderr }: Pick<CommandContext, 'signal' | 'stderr'>,
): Promise<string> {
  const format = dtype === 'auto' ? 'fp32' : dtype
  const directory = join(folder, `${twin}-${format}`)
  if (existsSync(directory)) return directory
  stderr.write(`Building a twin of ${twin} in ${format} …\n`)
  // A twin that is only half written must not be taken for one.
  const unfinished = `${directory}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await buildModel({
    recipe: openRecipe({ name: twin, twin: true, seed: twinSeed }),
    dtype: dtypeNames[format] ?? 'float32',
    ...{ form: 'padded', directory: unfinished, signal },
  })
  await rename(unfinished, directory)
  return directory
}

/** Operations a token by target, for the models whose shape we know. */
export function flopsByTarget(
  { targets }: Matrix,
  environment: CommandContext['environment'],
): ReadonlyMap<string, (tokensPerPair: number) => number> {
  return new Map(
    targets.flatMap(({ name, serve }) => {
      const shape = serve === undefined ? undefined : shapeOf(serve, environment)
      return shape === undefined ? [] : [[name, sizeOf(shape).flopsPerToken] as const]
    }),
  )
}

function shapeOf(
  { model = '', twin }: NonNullable<Target['serve']>,
  environment: CommandContext['environment'],
) {
  try {
    if (twin !== undefined) return describeModel({ name: twin, twin: true, seed: twinSeed }).shape
    const folder = model === embeddedName ? model : modelFolder(model, modelCache(environment))
    if (folder === undefined) return undefined
    return describeModel({ name: folder, twin: false, seed: twinSeed }).shape
  } catch {
    // A folder that cannot be described may be served all the same; then nothing is checked.
    return undefined
  }
}
