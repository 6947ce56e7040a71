import { embeddedRecipe } from '../embedded/index.ts'
import type { SourceKind } from './source.ts'

export const embeddedSource: SourceKind = {
  name: 'embedded',
  takes: '`embedded`',
  open: ({ name, twin }) => (!twin && name === 'embedded' ? embeddedRecipe() : undefined),
}
