import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import { agreementSuite } from './agreement-suite.ts'

// Our script and what is read back, over another HTTP client and another schedule than our pacer's. Not `high`: the
// stand-in sends a batch from one thread, which takes it longer than the intervals are wide.
describe('autocannon and a stand-in for k6', () => {
  agreementSuite(fileURLToPath(new URL('../../fixtures/bin/k6', import.meta.url)), 30, ['low'])
})
