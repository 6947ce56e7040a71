import type { Run } from '../folder.ts'
export function renderHtml(runs: readonly Run[]): string {
  return `<!doctype html><title>${String(runs.length)}</title>`
}
