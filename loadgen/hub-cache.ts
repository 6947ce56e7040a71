import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A target may call its model anything; only what a hub would call one becomes part of a path. */
const modelName = /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)?$/

/**
 * The tokenizer.json of a model in a cache of Hugging Face's own tools
 * (`models--OWNER--NAME/snapshots/COMMIT/`): of the branch main, else of any commit that has one.
 */
export async function cachedTokenizer(cache: string, model: string): Promise<string | undefined> {
  if (!modelName.test(model)) return undefined
  const folder = join(cache, `models--${model.replace('/', '--')}`)
  const main = await readFile(join(folder, 'refs', 'main'), 'utf8').catch(() => '')
  const commits = await readdir(join(folder, 'snapshots')).catch((): string[] => [])
  const isOther = (commit: string) => Number(commit !== main.trim())
  for (const commit of commits.sort((a, b) => isOther(a) - isOther(b) || (a < b ? -1 : 1))) {
    const file = join(folder, 'snapshots', commit, 'tokenizer.json')
    const found = await access(file).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  return undefined
}
