// The boundary check. It says how many modules it saw, because a check that sees nothing passes too;
// test/repo/boundaries.long.test.ts plants a violation and expects it to fail.
import { existsSync } from 'node:fs'
import { cruise } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import config from '../.dependency-cruiser.mjs'

const minimumModules = 10
const baseDir = process.argv[2] ?? process.cwd()
const roots = [
  'cli.ts',
  'core',
  'commands',
  'reference-server',
  'sidecar',
  'loadgen',
  'comparison',
  'dashboards',
  'alerts',
  'bench',
  'scripts',
  'test',
]
process.chdir(baseDir)
const { output } = await cruise(
  roots.filter((root) => existsSync(root)),
  {
    ...config.options,
    ruleSet: { forbidden: config.forbidden },
    validate: true,
    outputType: 'json',
  },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
)
const { summary, modules } = JSON.parse(output)
const own = modules.filter(
  ({ source }) => !source.includes('node_modules') && source.endsWith('.ts'),
).length
for (const { rule, from, to } of summary.violations) {
  console.error(
    `${from} → ${to}: ${rule.name}. ${config.forbidden.find(({ name }) => name === rule.name)?.comment ?? ''}`,
  )
}
console.log(
  `boundaries: ${String(own)} modules, ${String(summary.totalDependenciesCruised)} imports, ${String(summary.violations.length)} violations`,
)
if (own < minimumModules) {
  console.error(
    `only ${String(own)} modules were seen, expected at least ${String(minimumModules)}: the check itself is broken`,
  )
  process.exit(1)
}
process.exit(summary.violations.length === 0 ? 0 : 1)
