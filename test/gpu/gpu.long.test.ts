import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compiledModule } from '../../core/program.ts'

test('the program for the GPU machine runs without a GPU, every line that needs none', () => {
  const output = execFileSync(
    process.execPath,
    [compiledModule('test/gpu/gpu.js'), 'run', '--device', 'cpu', '--small'],
    { encoding: 'utf8' },
  )
  expect(output).toMatch(/tiny-bert: .*: agrees\), where logits spread by 0\.[3-9]/)
  // Two models, two graphs, two workloads.
  expect(output.match(/^\| tiny-(bert|xlm-roberta) \| padded fp(16|32) \|/gm)).toHaveLength(8)
})
