import { dialects } from '../../../core/dialects/index.ts'
import { runDialectConformance } from '../../conformance/dialect.ts'

for (const dialect of dialects) runDialectConformance(dialect)
