import { describeWithProgram } from '../../programs.ts'
import { agreementSuite } from './agreement-suite.ts'
import { k6Suite } from './k6-suite.ts'

describeWithProgram('k6', 'k6', () => {
  k6Suite(undefined)
})

describeWithProgram('k6', 'autocannon and k6', () => {
  agreementSuite('k6', 60)
})
