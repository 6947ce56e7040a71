import { statSync } from 'node:fs'
import type { Server as TlsServer, TlsOptions } from 'node:tls'
import { dirname, resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../core/clock.ts'
import { messageOf, usageError } from '../../../core/errors.ts'
import { say } from '../guards.ts'
import { BasicAuth } from './basic-auth.ts'
import { parseWebConfig, type TlsConfig, type WebConfig } from './config.ts'
import { admits, tlsOptionsOf } from './tls.ts'

/** How often the files are looked at: a renewed certificate is in force within this time. */
const lookSeconds = 5

interface Loaded {
  readonly config: WebConfig
  readonly tls: { readonly config: TlsConfig; readonly options: TlsOptions } | undefined
  readonly auth: BasicAuth | undefined
}

/**
 * The web config file: TLS, who may come in, headers. What stands in it and in the files that it names
 * is read again when one of them changes; a mistake made then is said, and what was in force stays.
 */
export class WebAccess {
  readonly #path: string
  readonly #read: () => unknown
  #loaded: Loaded
  #stamp: string

  /** Throws a `UserError` with all that is wrong. `read` gives what the file at `path` holds. */
  constructor(path: string, read: () => unknown) {
    this.#path = path
    this.#read = read
    this.#loaded = this.#load()
    this.#stamp = this.#stampNow()
  }

  /** For the server that is to be made; undefined: without TLS. */
  get tlsOptions(): TlsOptions | undefined {
    return this.#loaded.tls?.options
  }

  /** Puts everything but TLS in force on `server`, and asks callers for certificates where there is TLS. */
  guard(server: FastifyInstance): void {
    server.addHook('onRequest', async ({ headers }, reply) => {
      reply.headers(this.#loaded.config.http_server_config?.headers ?? {})
      const admission = (await this.#loaded.auth?.admit(headers.authorization)) ?? 'admitted'
      if (admission === 'busy') {
        reply.header('retry-after', '1')
        await say(reply, 503, 'Too many passwords are being checked: try again.')
      } else if (admission === 'refused') {
        reply.header('www-authenticate', 'Basic realm="rerankscope", charset="UTF-8"')
        await say(reply, 401, 'A user name and its password are needed.')
      }
    })
    const tlsServer = server.server as unknown as TlsServer
    tlsServer.on('secureConnection', (socket) => {
      const tls = this.#loaded.tls
      if (tls !== undefined && !admits(socket, tls.config)) socket.destroy()
    })
  }

  /** Looks after the files until `stop` aborts. */
  async watch(
    server: FastifyInstance,
    options: {
      readonly clock: Pick<Clock, 'sleep'>
      readonly stop: AbortSignal
      readonly onTrouble: (sentence: string) => void
    },
  ): Promise<void> {
    for (;;) {
      await options.clock.sleep(lookSeconds, options.stop)
      if (options.stop.aborted) return
      const stamp = this.#stampNow()
      if (stamp === this.#stamp) continue
      this.#stamp = stamp
      try {
        this.#replace(server)
      } catch (error) {
        options.onTrouble(`${messageOf(error)} What was in force stays.`)
      }
      // The new config may name other files.
      this.#stamp = this.#stampNow()
    }
  }

  #replace(server: FastifyInstance): void {
    const loaded = this.#load()
    const [before, after] = [this.#loaded, loaded].map(({ tls }) => tls?.config.client_auth_type)
    if (before !== after) {
      throw usageError(
        `--web-config ${this.#path}: TLS on or off and another client_auth_type need a restart.`,
      )
    }
    if (loaded.tls !== undefined) {
      const tlsServer = server.server as unknown as TlsServer
      tlsServer.setSecureContext(loaded.tls.options)
    }
    this.#loaded = loaded
  }

  #load(): Loaded {
    const result = parseWebConfig(this.#read())
    const fail = (what: string) => usageError(`--web-config ${this.#path}: ${what}.`)
    if ('problems' in result) throw fail(result.problems.join('; '))
    const { config } = result
    const { tls_server_config: tls, basic_auth_users: users } = config
    try {
      return {
        config,
        tls: tls ? { config: tls, options: tlsOptionsOf(tls, dirname(this.#path)) } : undefined,
        auth: users && Object.keys(users).length > 0 ? new BasicAuth(users) : undefined,
      }
    } catch (error) {
      throw fail(messageOf(error))
    }
  }

  /** Changes with each of the files: content, or another file under the same name. */
  #stampNow(): string {
    const { cert_file, key_file, client_ca_file } = this.#loaded.tls?.config ?? {}
    const named = [cert_file, key_file, client_ca_file].flatMap((path) =>
      path ? [resolve(dirname(this.#path), path)] : [],
    )
    return [this.#path, ...named]
      .map((path) => {
        const stat = statSync(path, { throwIfNoEntry: false })
        return stat === undefined ? 'gone' : [stat.ino, stat.size, stat.mtimeMs].join()
      })
      .join(' ')
  }
}
