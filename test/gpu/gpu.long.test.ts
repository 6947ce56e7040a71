import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { compiledModule } from '../../core/program.ts'

const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [compiledModule('test/gpu/gpu.js'), 'run', ...args], {
    encoding: 'utf8',
  })

test('the program for the GPU machine runs without a GPU, every line that needs none', () => {
  const { stdout, stderr, status } = run('--device', 'cpu', '--small')
  expect(stderr).toMatch(/tiny-bert: .*: agrees\), where logits spread by 0\.[3-9]/)
  // Two models, two graphs, two workloads.
  expect(stdout.match(/^\| tiny-(bert|xlm-roberta) \| padded fp(16|32) \|/gm)).toHaveLength(8)
  expect(status).toBe(0)
})

test('where CUDA does not work it says so of each graph, and builds no large model for it', () => {
  const { stdout, stderr, status } = run('--models', 'tiny-xlm-roberta')
  expect(stderr).toContain('tiny-bert: padded fp16 cannot be measured')
  expect(stderr).toContain('tiny-bert: packed fp16 cannot be measured')
  expect(stderr).toContain('nothing runs on cuda here')
  expect(stdout).not.toMatch(/^\| (tiny|bge)/m)
  expect(status).toBe(1)
})
