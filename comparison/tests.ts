interface Common {
  readonly name: string
  readonly summary: string
}

/** What a load test offers: a shape, so many requests on their way at all times; or a profile. */
export type Offer =
  | { readonly documents: number; readonly concurrency: number }
  | { readonly profile: 'low' | 'high' }

export interface LoadTest extends Common {
  readonly kind: 'load'
  readonly offer: Offer
}

export interface OtherTest extends Common {
  readonly kind: 'start' | 'memory' | 'quality'
}

/**
 * Every test, in the order in which a target takes them: what needs a fresh start first, the harshest
 * last, because a target that it kills has the others behind it. One more = one entry here.
 */
export const benchTests = [
  {
    name: 'cold-start',
    kind: 'start',
    summary: 'from the start of the process to its first answer',
  },
  { name: 'memory', kind: 'memory', summary: 'of the device, before the model is there and after' },
  {
    name: 'latency-10',
    kind: 'load',
    summary: '10 documents, one request at a time',
    offer: { documents: 10, concurrency: 1 },
  },
  {
    name: 'latency-50',
    kind: 'load',
    summary: '50 documents, one request at a time',
    offer: { documents: 50, concurrency: 1 },
  },
  {
    name: 'throughput-1',
    kind: 'load',
    summary: '50 documents, 1 request on its way at all times',
    offer: { documents: 50, concurrency: 1 },
  },
  {
    name: 'throughput-4',
    kind: 'load',
    summary: '50 documents, 4 requests on their way at all times',
    offer: { documents: 50, concurrency: 4 },
  },
  {
    name: 'throughput-8',
    kind: 'load',
    summary: '50 documents, 8 requests on their way at all times',
    offer: { documents: 50, concurrency: 8 },
  },
  {
    name: 'stability',
    kind: 'load',
    summary: 'as throughput-8, for longer: how steady the utilisation is',
    offer: { documents: 50, concurrency: 8 },
  },
  { name: 'quality', kind: 'quality', summary: 'nDCG@10 and MRR on a labelled set' },
  { name: 'low', kind: 'load', summary: 'the profile low', offer: { profile: 'low' } },
  { name: 'high', kind: 'load', summary: 'the profile high', offer: { profile: 'high' } },
] as const satisfies readonly (LoadTest | OtherTest)[]

export type BenchTest = LoadTest | OtherTest
export type TestName = (typeof benchTests)[number]['name']

export const testNames = benchTests.map(({ name }) => name)

export function testNamed(name: TestName): BenchTest {
  const test = benchTests.find((one) => one.name === name)
  if (test === undefined) throw new Error(`There is no test ${name}. This is a bug in rerankscope.`)
  return test
}
