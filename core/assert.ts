/** A state that our own code makes impossible. Not for input: input gets a `UserError`. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (condition === false || condition === null || condition === undefined) {
    throw new Error(`${sentence} This is a bug in rerankscope.`)
  }
}

/** The value, which our own code guarantees to be there. */
export function present<T>(value: T | null | undefined, sentence: string): T {
  assert(value !== null && value !== undefined, sentence)
  return value
}

/** For the `default` of a switch over a union: fails to compile when a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`Unexpected ${JSON.stringify(value)}. This is a bug in rerankscope.`)
}
