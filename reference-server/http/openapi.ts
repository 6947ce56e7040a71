import { z } from 'zod'
import { dialects, type Dialect } from '../../core/dialects/index.ts'
import { failureKinds, RerankFailure } from '../../core/rerank.ts'
import { withoutUndefined } from '../../core/wire.ts'
import { headerParameters } from './terms.ts'

type Json = Readonly<Record<string, unknown>>

export interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Json>>
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json }
}

/**
 * The API as an OpenAPI 3.1 document, made of the schemas that requests are read with. A path that
 * several formats share takes the body of each of them.
 */
export function openApiOf(version: string, readPaths: readonly string[]): OpenApi {
  const paths: Record<string, Json> = {}
  for (const path of new Set(dialects.flatMap((dialect) => dialect.paths))) {
    const speakers = dialects.filter((dialect) => dialect.paths.includes(path))
    paths[templateOf(path)] = { ...variablesOf(path), post: operationOf(speakers) }
  }
  for (const path of readPaths) {
    const template = templateOf(path)
    const get = {
      summary: 'Health, metadata or metrics',
      responses: { 200: { description: 'OK' } },
    }
    paths[template] = { ...variablesOf(path), ...paths[template], get }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'rerankscope reference server',
      version,
      description: 'One reranker in the wire formats of several.',
    },
    paths,
    components: {
      schemas: Object.fromEntries(dialects.flatMap((dialect) => schemasOf(dialect))),
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function operationOf(speakers: readonly Dialect[]): Json {
  const content = (part: 'request' | 'answer') => ({
    'application/json': { schema: { anyOf: speakers.map(({ name }) => referenceTo(name, part)) } },
  })
  return {
    summary: `Rerank (${speakers.map(({ title }) => title).join(', ')})`,
    // Wanted only where the server was started with keys.
    security: [{}, { key: [] }],
    parameters: headerParameters,
    requestBody: { required: true, content: content('request') },
    responses: {
      200: { description: 'The documents, scored', content: content('answer') },
      ...failuresOf(speakers),
    },
  }
}

/** By status, what went wrong: the bodies are each format's own. */
function failuresOf(speakers: readonly Dialect[]): Json {
  const kinds = new Map<number, Set<string>>()
  for (const dialect of speakers) {
    for (const kind of failureKinds) {
      const { status } = dialect.encodeFailure(new RerankFailure(kind, ''), '')
      kinds.set(status, (kinds.get(status) ?? new Set<string>()).add(kind))
    }
  }
  return Object.fromEntries(
    [...kinds].map(([status, said]) => [status, { description: [...said].join(', ') }]),
  )
}

function schemasOf({ name, schemas }: Dialect): readonly (readonly [string, unknown])[] {
  return (['request', 'answer'] as const).map((part) => {
    const schema = { ...z.toJSONSchema(schemas[part], { io: 'input' }), $schema: undefined }
    return [`${name}-${part}`, withoutUndefined(schema)] as const
  })
}

const referenceTo = (name: string, part: string) => ({
  $ref: `#/components/schemas/${name}-${part}`,
})

/** `/models/:model` is `/models/{model}` here. */
const templateOf = (path: string) => path.replace(/:(\w+)/g, '{$1}')

function variablesOf(path: string): Json {
  const names = [...path.matchAll(/:(\w+)/g)].flatMap(([, name]) => name ?? [])
  if (names.length === 0) return {}
  return {
    parameters: names.map((name) => ({
      ...{ name, in: 'path', required: true },
      schema: { type: 'string' },
    })),
  }
}
