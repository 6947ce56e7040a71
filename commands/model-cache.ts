import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where pulled models are kept: RERANKSCOPE_CACHE, else the user's cache folder. */
export function modelCache(environment: Readonly<Record<string, string | undefined>>): string {
  const own = environment['RERANKSCOPE_CACHE']
  const shared = environment['XDG_CACHE_HOME']
  const cache =
    own !== undefined && own !== ''
      ? own
      : join(
          shared === undefined || shared === '' ? join(homedir(), '.cache') : shared,
          'rerankscope',
        )
  return join(cache, 'models')
}
