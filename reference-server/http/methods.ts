import type { FastifyInstance } from 'fastify'
import { RerankFailure } from '../../core/rerank.ts'

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

const methods: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Refuses every method but `allowed` before the body is read: what is wrong is the method, whatever it holds. */
export function refuseOtherMethods(
  app: FastifyInstance,
  url: string,
  allowed: readonly Method[],
): void {
  const allow = allowed.join(', ')
  app.route({
    method: methods.filter((method) => !allowed.includes(method)),
    url,
    onRequest: ({ method }, reply, next) => {
      void reply.header('allow', allow)
      const says = allowed.filter((name) => name !== 'HEAD').join(' and ')
      next(new RerankFailure('method_not_allowed', `This path answers ${says}, not ${method}.`))
    },
    handler: (_request, reply) => reply.send(),
  })
}
