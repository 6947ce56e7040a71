/** A description as Prometheus fills it in: labels by name, and the value as its function wrote it. */
export function filled(
  description: string,
  labels: Readonly<Record<string, string>>,
  value: string,
): string {
  return description
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '')
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, () => value)
}
