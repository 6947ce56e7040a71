import type { Dialect } from './dialect.ts'
import { cohereV1, cohereV2 } from './cohere.ts'
import { jina } from './jina.ts'
import { kserve } from './kserve.ts'
import { nim } from './nim.ts'
import { tei } from './tei.ts'
import { vllm, vllmScore } from './vllm.ts'

export type { AnswerFacts, Dialect, WireMessage } from './dialect.ts'

/** Every wire format, the preferred first. One more = one file and one line here. */
export const dialects: readonly Dialect[] = [
  tei,
  cohereV1,
  cohereV2,
  jina,
  vllm,
  vllmScore,
  nim,
  kserve,
]

export function dialectNamed(name: string): Dialect | undefined {
  return dialects.find((dialect) => dialect.name === name)
}

/** Where a client of the dialect asks. A path that names the model needs `model`. */
export function pathOf({ paths: [path] }: Dialect, model = 'default'): string {
  return path.replace(':model', encodeURIComponent(model))
}

/**
 * Whose request it is: of the dialects at the path (without its query string) the one that knows most
 * of the body's keys. Equals are told apart by `preferred`, names of dialects, and then by their order
 * in the list. Without a body the path alone decides.
 */
export function dialectFor(
  path: string,
  body?: unknown,
  preferred: readonly string[] = [],
): { readonly dialect: Dialect; readonly model?: string } | undefined {
  const segments = path.split('/')
  let best: { readonly dialect: Dialect; readonly model?: string } | undefined
  let most = -1
  for (const dialect of byPreference(preferred)) {
    const match = dialect.paths.map((pattern) => matched(pattern, segments)).find(Boolean)
    if (match === undefined) continue
    const known = knownKeys(dialect, body)
    if (known <= most) continue
    most = known
    best = { dialect, ...match }
  }
  return best
}

function byPreference(preferred: readonly string[]): readonly Dialect[] {
  if (preferred.length === 0) return dialects
  const place = ({ name }: Dialect) => {
    const at = preferred.indexOf(name)
    return at === -1 ? preferred.length : at
  }
  return [...dialects].sort((a, b) => place(a) - place(b))
}

function knownKeys({ keys }: Dialect, body: unknown): number {
  if (typeof body !== 'object' || body === null) return 0
  return keys.filter((key) => Object.hasOwn(body, key)).length
}

/** What a pattern's `:model` stands for, or undefined where the path is another. */
function matched(
  pattern: string,
  segments: readonly string[],
): { readonly model?: string } | undefined {
  const parts = pattern.split('/')
  if (parts.length !== segments.length) return undefined
  if (!parts.every((part, at) => part === segments[at] || isName(part, segments[at]))) {
    return undefined
  }
  const model = segments[parts.indexOf(':model')]
  return model === undefined ? {} : { model: decoded(model) }
}

const isName = (part: string, segment: string | undefined) => part.startsWith(':') && segment !== ''

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
