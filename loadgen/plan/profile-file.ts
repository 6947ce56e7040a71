import { z } from 'zod'
import { problemsIn, type Problem } from '../../core/problems.ts'
import { arrivalKinds, arrivalsSchemas, type Arrivals } from './arrivals/index.ts'
import type { Profile } from './profile.ts'

/** A profile as its file says it: a recording is still the name of a file. */
export interface ProfileFile extends Omit<Profile, 'arrivals'> {
  readonly arrivals: Arrivals | { readonly kind: 'trace'; readonly file: string }
}

const kindNames = [...arrivalKinds.map(({ kind }) => kind), 'trace']
const trace = z.strictObject({ kind: z.literal('trace'), file: z.string().min(1) })
const documentCount = z.number().int().min(1).max(1000)

const profileSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'expected lower-case letters, digits and -, at most 60'),
    summary: z.string().max(200).default(''),
    arrivals: z.discriminatedUnion('kind', [...arrivalsSchemas, trace], {
      error: `expected one of ${kindNames.join(', ')}`,
    }),
    queriesPerBatch: z.number().int().min(1).max(1000).default(1),
    documents: z
      .union([z.enum(['own', 'recorded']), z.array(documentCount).min(1).max(100)])
      .optional(),
    tokens: z.array(z.number().int().min(1).max(32_768)).min(1).max(100).optional(),
    seconds: z.number().positive().optional(),
  })
  .superRefine(({ arrivals, documents, tokens, queriesPerBatch }, context) => {
    const add = (field: string, message: string) => {
      context.addIssue({ code: 'custom', path: [field], message })
    }
    const recorded = arrivals.kind === 'trace'
    if (documents === undefined && !recorded) add('documents', 'is missing')
    if (documents === 'recorded' && !recorded)
      add('documents', 'recorded needs arrivals of kind trace')
    if (tokens !== undefined && !Array.isArray(documents)) {
      add('tokens', 'needs documents to be a list of numbers')
    }
    if (recorded && queriesPerBatch !== 1) {
      add('queriesPerBatch', 'a recording has its own batches; leave it out')
    }
  })

/**
 * A profile, or everything that is wrong with it. `value` is what its YAML holds. Problems name
 * places and hold no text of a query or document, for a profile has none.
 */
export function parseProfile(
  value: unknown,
): { readonly profile: ProfileFile } | { readonly problems: readonly Problem[] } {
  const parsed = profileSchema.safeParse(value)
  if (!parsed.success) return { problems: problemsIn(parsed.error, 'a profile') }
  const { documents = 'recorded', tokens, ...profile } = parsed.data
  const shapes = typeof documents === 'string' ? documents : { documents, tokens }
  return { profile: { ...profile, shapes } }
}
