import { basename, dirname, extname, resolve } from 'node:path'
import { usageError } from '../../core/errors.ts'
import type { Profile } from './profile.ts'
import type { ProfileFile } from './profile-file.ts'
import { readRecording } from './recording.ts'

/**
 * A profile with the recording that it names, if any, read; `folder` is where its file stands.
 *
 * @throws UserError (usage) when the recording cannot be read, or has no shapes and needs them.
 */
export async function resolvedProfile(file: ProfileFile, folder: string): Promise<Profile> {
  const { arrivals } = file
  if (arrivals.kind !== 'trace') return { ...file, arrivals }
  const recording = await readRecording(resolve(folder, arrivals.file))
  if (file.shapes === 'recorded' && !recording.hasShapes) throw shapeless(arrivals.file)
  return { ...file, arrivals: recording }
}

/** The profile that replays a recording as it is. */
export async function recordedProfile(path: string): Promise<Profile> {
  const name = basename(path, extname(path))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  const file: ProfileFile = {
    name: name.replace(/^-+|-+$/g, '').slice(0, 60) || 'recording',
    summary: 'recorded traffic',
    arrivals: { kind: 'trace', file: basename(path) },
    queriesPerBatch: 1,
    shapes: 'recorded',
  }
  return resolvedProfile(file, dirname(path))
}

function shapeless(file: string) {
  return usageError(
    `${file} has no column documents, so it says when but not what was asked; add the column, or write a profile with arrivals: {kind: trace, file: ${file}} and documents.`,
  )
}
