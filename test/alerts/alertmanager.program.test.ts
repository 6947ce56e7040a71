import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { shippedRules } from '../../alerts/index.ts'
import { describeWithProgram } from '../programs.ts'

const file = join(shippedRules, 'alertmanager.yaml')
const amtool = (...words: readonly string[]) =>
  execFileSync('amtool', [...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })

describeWithProgram('amtool', "Alertmanager's own check of its file", () => {
  test('is valid', () => {
    const output = amtool('check-config', file)
    expect(output).toContain('SUCCESS')
    expect(output).toContain('5 inhibit rules')
  })

  test.each([
    ['critical', 'pages'],
    ['warning', 'tickets'],
    ['info', 'nobody'],
  ])('%s goes to %s', (severity, receiver) => {
    const route = amtool(
      'config',
      'routes',
      'test',
      `--config.file=${file}`,
      `severity=${severity}`,
    )
    expect(route.trim()).toBe(receiver)
  })
})
