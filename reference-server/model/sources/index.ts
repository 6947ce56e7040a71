import { usageError } from '../../../core/errors.ts'
import { embeddedSource } from './embedded.ts'
import { safetensors } from './safetensors.ts'
import type { ModelRecipe, ModelReference, SourceKind } from './source.ts'
import { twin } from './twin.ts'

export type { ModelRecipe, ModelReference } from './source.ts'
export { twinShapes } from './twin-shapes.ts'

/** Every kind of weight source, in the order in which they are asked. One more = one file and one line here. */
export const sourceKinds: readonly SourceKind[] = [twin, embeddedSource, safetensors]

/** Throws a usage error that says what can be named when no source knows `reference`. */
export function openRecipe(reference: ModelReference): ModelRecipe {
  for (const kind of sourceKinds) {
    const recipe = kind.open(reference)
    if (recipe !== undefined) return recipe
  }
  throw usageError(
    `There is nothing to build called ${JSON.stringify(reference.name)}: give ${sourceKinds.map(({ takes }) => takes).join(', or ')}.`,
  )
}
