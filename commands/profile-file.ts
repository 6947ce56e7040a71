import { dirname, extname } from 'node:path'
import { usageError } from '../core/errors.ts'
import {
  parseProfile,
  profiles,
  recordedProfile,
  resolvedProfile,
  type Profile,
} from '../loadgen/index.ts'
import { problemsError, readYamlFile } from './yaml-file.ts'

const readers: Readonly<Record<string, (path: string) => Promise<Profile>>> = {
  '.yaml': readProfileYaml,
  '.yml': readProfileYaml,
  '.jsonl': recordedProfile,
  '.ndjson': recordedProfile,
  '.csv': recordedProfile,
}

/**
 * The profile that `--profile` names: one of ours, a YAML file, or a recording.
 *
 * @throws UserError (usage) with everything that is wrong with the file, each with its line.
 */
export async function readProfile(nameOrPath: string): Promise<Profile> {
  const known = profiles.find(({ name }) => name === nameOrPath)
  if (known !== undefined) return known
  const read = readers[extname(nameOrPath).toLowerCase()]
  if (read !== undefined) return read(nameOrPath)
  throw usageError(
    `There is no profile ${nameOrPath}; choose from ${profiles.map(({ name }) => name).join(', ')}, or name a file: a profile (.yaml) or a recording (.jsonl, .ndjson, .csv).`,
  )
}

async function readProfileYaml(path: string): Promise<Profile> {
  const file = readYamlFile('--profile', path)
  const parsed = parseProfile(file.value)
  if ('profile' in parsed) return resolvedProfile(parsed.profile, dirname(path))
  throw problemsError(`--profile ${path}`, file, parsed.problems)
}
