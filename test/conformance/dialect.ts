import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dialectFor,
  pathOf,
  type AnswerFacts,
  type Dialect,
  type WireMessage,
} from '../../core/dialects/index.ts'
import {
  failureKinds,
  rank,
  RerankFailure,
  truncationStrategies,
  type RerankRequest,
} from '../../core/rerank.ts'

export const answerFacts: AnswerFacts = {
  phases: {
    totalSeconds: 0.036,
    tokeniseSeconds: 0.002,
    queueSeconds: 0.0096,
    inferSeconds: 0.025,
  },
  id: '0190d3a0-7b1c-4d5e-8f60-123456789abc',
  wallSeconds: 1.5e9,
  model: 'embedded',
}

export const plainRequest: RerankRequest = {
  query: 'q',
  documents: ['a', 'b', 'c'],
  returnDocuments: false,
  rawScores: false,
  truncationDirection: 'right',
}

/** The plain request, as far as the dialect can say it. */
const sayable = ({ capabilities }: Dialect, request: RerankRequest): RerankRequest => ({
  ...request,
  rawScores:
    capabilities.scores === 'choice' ? request.rawScores : capabilities.scores === 'logits',
  returnDocuments:
    capabilities.returnDocuments === 'choice'
      ? request.returnDocuments
      : capabilities.returnDocuments === 'always',
})

const text = fc.string({ unit: 'grapheme', maxLength: 40 })

/** What a body says once, whatever the queries: anything that the dialect can express. */
function termsOf(dialect: Dialect): fc.Arbitrary<Omit<RerankRequest, 'query' | 'documents'>> {
  const { capabilities, keys } = dialect
  return fc
    .record(
      {
        returnDocuments: fc.boolean(),
        rawScores: fc.boolean(),
        truncationDirection: capabilities.truncationSide
          ? fc.constantFrom('left' as const, 'right' as const)
          : fc.constant('right' as const),
        maximumTokens: fc.integer({ min: 1, max: 9000 }),
        truncation: fc.constantFrom(...truncationStrategies),
        ...(capabilities.topN && { topN: fc.integer({ min: 1, max: 60 }) }),
        ...(keys.includes('model') && { model: fc.string({ unit: 'grapheme', minLength: 1 }) }),
      },
      { requiredKeys: ['returnDocuments', 'rawScores', 'truncationDirection'] },
    )
    .chain((terms) =>
      // A side that is cut and a refusal to cut are one key in some formats.
      capabilities.truncate && terms.truncationDirection === 'right'
        ? fc.record({ ...same(terms), truncate: fc.boolean() })
        : fc.constant(terms),
    )
    .map((terms) => sayable(dialect, { ...terms, query: '', documents: [] }))
}

const same = <T extends object>(value: T) =>
  Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, fc.constant(entry as unknown)]),
  ) as { [K in keyof T]: fc.Arbitrary<T[K]> }

const query = text.filter((value) => value.trim() !== '')

function requestOf(dialect: Dialect): fc.Arbitrary<RerankRequest> {
  return fc
    .tuple(termsOf(dialect), query, fc.array(text, { minLength: 1, maxLength: 60 }))
    .map(([terms, asked, documents]) => ({ ...terms, query: asked, documents }))
}

const scoresFor = (documents: number) =>
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
    minLength: documents,
    maxLength: documents,
  })

const decodedOf = (dialect: Dialect, body: string) => dialect.decodeRequests(JSON.parse(body))

/** What every wire format must hold to. A dialect's own file adds the bodies that are only its own. */
export function runDialectConformance(dialect: Dialect): void {
  describe(`conformance of the ${dialect.name} dialect`, () => {
    test('its bodies, byte for byte', async () => {
      await expect(goldenOf(dialect)).toMatchFileSnapshot(
        join(import.meta.dirname, `../golden/dialects/${dialect.name}.txt`),
      )
    })

    test('a request means the same after the wire', () => {
      fc.assert(
        fc.property(requestOf(dialect), (request) => {
          const [decoded, ...others] = decodedOf(dialect, dialect.encodeRequest(request))
          expect(others).toEqual([])
          // A client may state a default that the caller left out; it must not change the rest.
          expect(decoded).toEqual({ ...decoded, ...request })
        }),
      )
    })

    test('its client and its server meet at the path, whatever else is served there', () => {
      fc.assert(
        fc.property(requestOf(dialect), (request) => {
          const body: unknown = JSON.parse(dialect.encodeRequest(request))
          const path = pathOf(dialect, 'm')
          expect(dialectFor(path, body, [dialect.name])?.dialect).toBe(dialect)
        }),
      )
    })

    test('a result comes back with its order, its scores to the last bit, and its texts', () => {
      fc.assert(
        fc.property(
          requestOf(dialect).chain((request) =>
            fc.tuple(fc.constant(request), scoresFor(request.documents.length)),
          ),
          ([request, scores]) => {
            const ranking = rank(scores, request)
            const message = dialect.encodeResults([request], [{ ranking }], answerFacts)
            expect(message.status).toBe(200)
            const decoded = dialect.decodeResult(message).ranking
            expect(decoded.map(({ index }) => index)).toEqual(ranking.map(({ index }) => index))
            // JSON has no negative zero.
            expect(decoded.map(({ score }) => score + 0)).toEqual(
              ranking.map(({ score }) => score + 0),
            )
            expect(decoded.map(({ text: said }) => said)).toEqual(
              ranking.map(({ text: said }) => said),
            )
          },
        ),
      )
    })

    test('equal scores keep the order of the ranking: falling index', () => {
      const request = sayable(dialect, plainRequest)
      const ranking = rank([0.5, 0.25, 0.5], request)
      const message = dialect.encodeResults([request], [{ ranking }], answerFacts)
      expect(dialect.decodeResult(message).ranking.map(({ index }) => index)).toEqual([2, 0, 1])
    })

    test('tokens are told where the format has a place for them, and unknown is absent', () => {
      const request = sayable(dialect, plainRequest)
      const ranking = rank([0.5, 0.25, 0.5], request)
      const usage = { tokens: 12, characters: 6, truncatedPairs: 0 }
      const message = dialect.encodeResults([request], [{ ranking, usage }], answerFacts)
      expect(dialect.decodeResult(message).usage?.tokens).toBe(
        dialect.capabilities.usage ? 12 : undefined,
      )
    })

    const { batch } = dialect
    test(
      batch ? 'several queries in one body come back each with its own' : 'one query a body',
      () => {
        if (batch === undefined) {
          const body: unknown = JSON.parse(dialect.encodeRequest(plainRequest))
          expect(dialect.decodeRequests(body)).toHaveLength(1)
          return
        }
        const requests = termsOf(dialect).chain((terms) =>
          fc
            .uniqueArray(query, { minLength: 1, maxLength: 8 })
            .chain((queries) =>
              fc.tuple(
                ...queries.map((asked) =>
                  fc.record({
                    query: fc.constant(asked),
                    documents: fc.array(text, { minLength: 1, maxLength: 9 }),
                  }),
                ),
              ),
            )
            .map((pairs) => pairs.map((pair) => ({ ...terms, ...pair }))),
        )
        fc.assert(
          fc.property(
            requests,
            fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
            (asked, scores) => {
              const decoded = decodedOf(dialect, batch.encode(asked))
              expect(decoded).toEqual(decoded.map((one, at) => ({ ...one, ...asked[at] })))
              expect(decoded).toHaveLength(asked.length)
              const results = asked.map((request) => ({
                ranking: rank(
                  request.documents.map(() => Number(scores.next().value) + 0),
                  request,
                ),
              }))
              const message = dialect.encodeResults(asked, results, answerFacts)
              expect(batch.decode(message, asked)).toEqual(results)
              expect(() => batch.decode(message, [...asked, plainRequest])).toThrow(/answer/)
            },
          ),
        )
        const different = { ...sayable(dialect, plainRequest), truncation: 'head_tail' as const }
        expect(() => batch.encode([sayable(dialect, plainRequest), different])).toThrow(RangeError)
      },
    )

    test.each(failureKinds)(
      'a failure of kind %s has an error status and says its sentence',
      (kind) => {
        const failure = new RerankFailure(kind, 'a reason')
        const { status, body, headers } = dialect.encodeFailure(failure, answerFacts.id)
        expect(status).toBeGreaterThanOrEqual(400)
        expect(status).toBeLessThan(600)
        // To a wrong key a format may say its own word, or none.
        if (kind !== 'unauthorized') expect(body).toContain('a reason')
        expect(headers['content-type']).toMatch(/^(application\/json|text\/plain)/)
      },
    )

    test('a body of any shape is refused as a RerankFailure or understood, never anything else', () => {
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), mutated(dialect)), (body) => {
          try {
            for (const { documents } of dialect.decodeRequests(body)) {
              expect(documents.length).toBeGreaterThan(0)
            }
          } catch (error) {
            expect(error).toBeInstanceOf(RerankFailure)
          }
        }),
        { numRuns: 300 },
      )
    })

    test('an error never repeats the text of the request', () => {
      const secret = 'patient 4711'
      const valid = JSON.parse(
        dialect.encodeRequest({ ...plainRequest, query: secret, documents: [secret] }),
      ) as Record<string, unknown>
      for (const key of dialect.keys) {
        for (const wrong of [7, [], [7], secret, [secret, 7], [[secret]], { [secret]: secret }]) {
          try {
            dialect.decodeRequests({ ...valid, [key]: wrong })
          } catch (error) {
            expect((error as Error).message).not.toContain(secret)
          }
        }
      }
    })

    test('an answer that is not a result is an Error with a sentence, not a result', () => {
      for (const body of [
        '{}',
        '[{"index":0}]',
        '[{"index":-1,"score":1}]',
        '"ok"',
        'null',
        '{"results":[{"index":0,"relevance_score":"1"}]}',
        '{"results":[{"index":-1,"relevance_score":1}]}',
        '{"data":[{"index":7,"score":1}]}',
        '{"rankings":[{"index":0.5,"logit":1}]}',
        '{"outputs":[{"name":"S","datatype":"FP32","shape":[1],"data":["patient 4711"]}]}',
        '{"patient 4711',
      ]) {
        const decode = () => dialect.decodeResult({ status: 200, headers: {}, body })
        expect(decode).toThrow(/answer/)
        expect(decode).not.toThrow(/4711/)
      }
    })
  })
}

/** A valid body with one known key replaced by anything. */
function mutated(dialect: Dialect): fc.Arbitrary<unknown> {
  return fc
    .tuple(requestOf(dialect), fc.constantFrom(...dialect.keys), fc.jsonValue())
    .map(([request, key, value]) => ({
      ...(JSON.parse(dialect.encodeRequest(request)) as object),
      [key]: value,
    }))
}

/** Every body that users of the format depend on. */
function goldenOf(dialect: Dialect): string {
  const { capabilities } = dialect
  const request = sayable(dialect, { ...plainRequest, documents: ['苹果', 'b "c"\n', ''] })
  const everything = sayable(dialect, {
    ...request,
    model: 'some/model',
    returnDocuments: true,
    rawScores: true,
    maximumTokens: 256,
    truncation: 'head_tail',
    ...(capabilities.topN && { topN: 2 }),
    ...(capabilities.truncate && { truncate: true }),
    ...(capabilities.truncationSide && { truncationDirection: 'left' as const }),
  })
  const answered = (asked: RerankRequest, truncatedPairs: number) =>
    messageText(
      dialect.encodeResults(
        [asked],
        [
          {
            ranking: rank([0.25, 0.75, 0.5], asked),
            usage: { tokens: 12, characters: 20, truncatedPairs },
          },
        ],
        answerFacts,
      ),
    )
  const failures = failureKinds.map((kind) => {
    const failure = new RerankFailure(kind, 'a reason')
    return `${kind}: ${messageText(dialect.encodeFailure(failure, answerFacts.id))}`
  })
  return [
    `POST ${dialect.paths.join(' or ')}`,
    dialect.encodeRequest(request),
    answered(request, 0),
    '',
    'everything that can be asked for',
    dialect.encodeRequest(everything),
    answered(everything, 2),
    '',
    ...(dialect.batch === undefined
      ? []
      : [
          'two queries',
          dialect.batch.encode([request, { ...request, query: 'r', documents: ['d'] }]),
          '',
        ]),
    'failures',
    ...failures,
    '',
  ].join('\n')
}

const messageText = ({ status, headers, body }: WireMessage) =>
  `${String(status)} ${JSON.stringify(headers)}\n${body}`
