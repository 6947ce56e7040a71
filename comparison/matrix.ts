import { z } from 'zod'
import { dialects } from '../core/dialects/index.ts'
import { problemsIn, type Problem } from '../core/problems.ts'
import { articleNames } from './article.ts'
import { dimensionNames } from './dimensions.ts'
import { testNames } from './tests.ts'

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{0,39}$/, 'expected lower-case letters, digits, . and -, at most 40')
const positive = z.number().positive()
const count = z.number().int().min(1)
const text = z.string().min(1)
const seconds = positive.max(86_400)

const serve = z
  .strictObject({
    /** As `serve --model`. */
    model: text.optional(),
    /** Built by us: random weights at the shape of this model. */
    twin: text.optional(),
    dtype: z.enum(['auto', 'fp32', 'fp16', 'int8']).default('auto'),
    device: text.default('auto'),
    maxLength: count.optional(),
    batchSize: count.max(4096).optional(),
    threads: count.max(1024).optional(),
  })
  .refine(({ model, twin }) => (model === undefined) !== (twin === undefined), {
    path: ['model'],
    message: 'give model or twin, and not both',
  })

const target = z
  .strictObject({
    name,
    serve: serve.optional(),
    url: z
      .url({ protocol: /^https?$/, error: 'expected a URL with http:// or https://' })
      .optional(),
    /** Of a server that we start: look at it as at an API, without its machine. */
    outside: z.boolean().default(false),
    dialect: z
      .enum(['auto', ...dialects.map((dialect) => dialect.name)], {
        error: `expected auto or one of ${dialects.map((dialect) => dialect.name).join(', ')}`,
      })
      .default('auto'),
    /** That requests name, where the dialect names one. */
    model: text.optional(),
    apiKeyEnvironment: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of a variable, not the key')
      .optional(),
    apiKeyFile: text.optional(),
    /** URL of a sidecar beside a target that runs elsewhere. */
    sidecar: z.url().optional(),
    /** Folder or tokenizer.json, to count tokens where the target does not. */
    tokenizer: text.optional(),
    flopsPerToken: positive.optional(),
    peakTflops: positive.optional(),
    /** The row of the article that it is set beside. */
    article: z.enum(articleNames).optional(),
    pricePerHour: positive.optional(),
    pricePerThousandQueries: positive.optional(),
  })
  .superRefine((one, context) => {
    const add = (field: string, message: string) => {
      context.addIssue({ code: 'custom', path: [field], message })
    }
    const runsElsewhere = one.url !== undefined
    if (runsElsewhere === (one.serve !== undefined)) {
      add('serve', 'give serve (we start it) or url (it runs elsewhere), and not both')
    }
    if (one.outside && runsElsewhere) add('outside', 'belongs to serve: what runs elsewhere is')
    if (one.sidecar !== undefined && !runsElsewhere) {
      add('sidecar', 'belongs to url: beside what we start we start one')
    }
    if (one.apiKeyEnvironment !== undefined && one.apiKeyFile !== undefined) {
      add('apiKeyFile', 'give it or apiKeyEnvironment, and not both')
    }
    if (one.url !== undefined && URL.canParse(one.url) && new URL(one.url).username !== '') {
      add('url', 'holds a user, which would be written down; put a key into apiKeyFile')
    }
    if (one.pricePerHour !== undefined && one.pricePerThousandQueries !== undefined) {
      add('pricePerThousandQueries', 'give it or pricePerHour, and not both')
    }
  })

const loadTests = testNames.filter((one) => !['cold-start', 'memory', 'quality'].includes(one))

const matrixSchema = z
  .strictObject({
    name: name.default('bench'),
    targets: z.array(target).min(1).max(50),
    tests: z
      .array(z.enum(testNames, { error: `expected ${testNames.join(', ')}` }))
      .min(1)
      .optional(),
    rounds: count.max(100).default(3),
    /** Of each load test. */
    seconds: seconds.default(20),
    testSeconds: z.partialRecord(z.enum(loadTests), seconds).default({ stability: 60 }),
    seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(1),
    timeoutSeconds: seconds.default(30),
    dataset: text.default('synthetic'),
    queries: count.max(5000).default(500),
    quality: z.strictObject({ dataset: text, queries: count.max(5000).default(200) }).optional(),
    weights: z
      .partialRecord(z.enum(dimensionNames), z.number().min(0))
      .refine(
        (given) =>
          Object.values(given).some((weight) => weight > 0) || Object.keys(given).length === 0,
        {
          message: 'at least one must be above 0',
        },
      )
      .default({}),
  })
  .superRefine(({ targets, tests, quality }, context) => {
    for (const [at, one] of targets.entries()) {
      if (targets.findIndex((other) => other.name === one.name) === at) continue
      context.addIssue({ code: 'custom', path: ['targets', at, 'name'], message: 'is taken' })
    }
    if (tests?.includes('quality') === true && quality === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['quality'],
        message: 'is missing: the test quality needs a labelled set, as quality: {dataset: PATH}',
      })
    }
  })

/** What is compared: targets × tests × rounds. */
export type Matrix = z.infer<typeof matrixSchema>
export type Target = Matrix['targets'][number]

/** A matrix, or everything that is wrong with it. `value` is what its YAML holds. */
export function parseMatrix(
  value: unknown,
): { readonly matrix: Matrix } | { readonly problems: readonly Problem[] } {
  const parsed = matrixSchema.safeParse(value)
  return parsed.success
    ? { matrix: parsed.data }
    : { problems: problemsIn(parsed.error, 'a matrix') }
}
