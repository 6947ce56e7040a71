import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnswerFacts, Dialect } from '../../core/dialects/index.ts'
import { failureKinds, rank, RerankFailure, type RerankRequest } from '../../core/rerank.ts'

const scoresOf = {
  choice: fc.boolean(),
  logits: fc.constant(true),
  sigmoid: fc.constant(false),
} as const

const id = '00000000-0000-4000-8000-000000000000'
const facts: AnswerFacts = { phases: {}, id, wallSeconds: 1.5e9, model: 'embedded' }

/** Any request that the dialect can express; what it cannot say keeps its default. */
function requestOf({ capabilities }: Dialect): fc.Arbitrary<RerankRequest> {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 })
  return fc.record(
    {
      query: text.filter((query) => query !== ''),
      documents: fc.array(text, { minLength: 1, maxLength: 60 }),
      returnDocuments: capabilities.returnDocuments ? fc.boolean() : fc.constant(false),
      rawScores: scoresOf[capabilities.scores],
      truncationDirection: capabilities.truncation
        ? fc.constantFrom('left' as const, 'right' as const)
        : fc.constant('right' as const),
      ...(capabilities.topN && { topN: fc.integer({ min: 1, max: 60 }) }),
      ...(capabilities.truncation && { truncate: fc.boolean() }),
    },
    { requiredKeys: ['query', 'documents', 'returnDocuments', 'rawScores', 'truncationDirection'] },
  )
}

/** What every wire format must hold to. A dialect's own file adds the bodies that are only its own. */
export function runDialectConformance(dialect: Dialect): void {
  describe(`conformance of the ${dialect.name} dialect`, () => {
    test('a request means the same after the wire', () => {
      fc.assert(
        fc.property(requestOf(dialect), (request) => {
          const [decoded, ...others] = dialect.decodeRequests(
            JSON.parse(dialect.encodeRequest(request)),
          )
          expect(others).toEqual([])
          // A client may state a default that the caller left out; it must not change the rest.
          expect(decoded).toEqual({ ...decoded, ...request })
        }),
      )
    })

    test('a result comes back with its order, its scores to the last bit, and its texts', () => {
      fc.assert(
        fc.property(
          requestOf(dialect),
          fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 }),
          (request, scores) => {
            const ranking = rank(scores.slice(0, request.documents.length), request)
            const message = dialect.encodeResults([request], [{ ranking }], facts)
            expect(message.status).toBe(200)
            const decoded = dialect.decodeResult(message).ranking
            expect(decoded.map(({ index }) => index)).toEqual(ranking.map(({ index }) => index))
            // JSON has no negative zero.
            expect(decoded.map(({ score }) => score + 0)).toEqual(
              ranking.map(({ score }) => score + 0),
            )
            expect(decoded.map(({ text }) => text)).toEqual(ranking.map(({ text }) => text))
          },
        ),
      )
    })

    test.each(failureKinds)(
      'a failure of kind %s has an error status and says its sentence',
      (kind) => {
        const { status, body, headers } = dialect.encodeFailure(
          new RerankFailure(kind, 'a reason'),
          id,
        )
        expect(status).toBeGreaterThanOrEqual(400)
        expect(status).toBeLessThan(600)
        expect(body).toContain('a reason')
        expect(headers['content-type']).toMatch(/^(application\/json|text\/plain)/)
      },
    )

    test('a body of any shape is refused as a RerankFailure or understood, never anything else', () => {
      fc.assert(
        fc.property(fc.jsonValue(), (body) => {
          try {
            for (const { documents } of dialect.decodeRequests(body)) {
              expect(documents.length).toBeGreaterThan(0)
            }
          } catch (error) {
            expect(error).toBeInstanceOf(RerankFailure)
          }
        }),
      )
    })

    test('an error never repeats the text of the request', () => {
      const secret = 'patient 4711'
      const valid = JSON.parse(
        dialect.encodeRequest({
          query: secret,
          documents: [secret],
          returnDocuments: false,
          rawScores: false,
          truncationDirection: 'right',
        }),
      ) as Record<string, unknown>
      for (const key of Object.keys(valid)) {
        for (const wrong of [null, 7, [], [7], { [secret]: secret }]) {
          try {
            dialect.decodeRequests({ ...valid, [key]: wrong })
          } catch (error) {
            expect((error as Error).message).not.toContain(secret)
          }
        }
      }
    })

    test('an answer that is not a result is an Error with a sentence, not a result', () => {
      for (const body of ['{}', '[{"index":0}]', '[{"index":-1,"score":1}]', '"ok"', 'null']) {
        expect(() => dialect.decodeResult({ status: 200, headers: {}, body })).toThrow(/answer/)
      }
    })
  })
}
