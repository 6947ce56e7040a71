/**
 * What a server says of itself in JSON, key by key: of the wrong type is absent. By hand, because the
 * sidecar would carry a schema library for days to read three keys.
 */
export function valueAt(document: unknown, key: string): unknown {
  return typeof document === 'object' && document !== null && Object.hasOwn(document, key)
    ? (document as Readonly<Record<string, unknown>>)[key]
    : undefined
}

export function textAt(document: unknown, key: string): string | undefined {
  const value = valueAt(document, key)
  return typeof value === 'string' ? value : undefined
}

export function numberAt(document: unknown, key: string): number | undefined {
  const value = valueAt(document, key)
  return typeof value === 'number' ? value : undefined
}

/** Empty where there is no list. */
export function itemsAt(document: unknown, key: string): readonly unknown[] {
  const value = valueAt(document, key)
  return Array.isArray(value) ? value : []
}
