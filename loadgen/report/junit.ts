import XMLBuilder from 'fast-xml-builder'
import { sloName, sloSentence } from '../measure/slo.ts'
import type { Run } from './folder.ts'

interface Case {
  readonly name: string
  /** Why it failed; undefined when it did not. */
  readonly failure: string | undefined
}

/** JUnit's XML: a suite a run, a case for its validity and one for each threshold, so that CI shows them. */
export function formatJunit(runs: readonly Run[]): string {
  const suites = runs.map(({ summary }) => {
    const { profile, target, startedAt, throughput, validity, slo } = summary
    const cases: readonly Case[] = [
      {
        name: 'the run is valid',
        failure: validity.valid ? undefined : validity.reasons.join('; '),
      },
      ...slo.map((one) => ({
        name: sloName(one),
        failure: one.met ? undefined : sloSentence(one),
      })),
    ]
    const name = `rerankscope.${profile.name}`
    return {
      '@name': name,
      '@timestamp': startedAt,
      '@hostname': new URL(target.url).host,
      '@tests': cases.length,
      '@failures': cases.filter(({ failure }) => failure !== undefined).length,
      '@errors': 0,
      '@time': throughput.spanSeconds.toFixed(3),
      testcase: cases.map((one) => ({
        '@classname': name,
        '@name': one.name,
        ...(one.failure !== undefined && { failure: { '@message': one.failure } }),
      })),
    }
  })
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    format: true,
    suppressEmptyNode: true,
  })
  const document = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: { '@name': 'rerankscope', testsuite: suites },
  }
  return `${builder.build(document).trim()}\n`
}
