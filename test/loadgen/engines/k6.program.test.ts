import { describeWithProgram } from '../../programs.ts'
import { k6Suite } from './k6-suite.ts'

describeWithProgram('k6', 'k6', () => {
  k6Suite(undefined)
})
