import { describeWithProgram } from '../../programs.ts'
import { agreementSuite } from './agreement-suite.ts'
import { k6Suite } from './k6-suite.ts'

// Another HTTP client, another language and another schedule than our pacer's, on the engine that runs
// the script at users'. `.ci/run` builds it from test/fixtures/k6-sobek. Not `high`: this client takes a
// millisecond of processor for each body, on the two cores of the target, which moves p95 by as much
// as its interval is wide.
describeWithProgram('k6-sobek', 'the JavaScript engine of k6 (a stand-in for the rest)', () => {
  k6Suite('k6-sobek')
  agreementSuite('k6-sobek', 30, ['low'])
})
