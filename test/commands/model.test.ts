import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseCommandLine } from '../../commands/parser.ts'
import { graphOf } from '../../reference-server/model/build.ts'
import { loadModel } from '../../reference-server/model/registry.ts'
import { recorded, safetensorsOf, twinRecipe } from '../reference-server/model/checkpoint.ts'
import { commit, fakeHub, type FakeHub } from '../reference-server/model/hub/fake-hub.ts'

const name = 'acme/tiny-reranker'
const twin = recorded(twinRecipe('tiny-xlm-roberta'))
graphOf(twin.recipe, { dtype: 'float32', form: 'padded' })

/** Counted tensor by tensor: `info` has a formula. */
const parameters = [...twin.names].reduce(
  (sum, tensor) =>
    sum + twin.recipe.weights.tensor(tensor).shape.reduce((product, size) => product * size, 1),
  0,
)

let cache: string
let hub: FakeHub
beforeEach(async () => {
  cache = mkdtempSync(join(tmpdir(), 'rerankscope-model-'))
  hub = await fakeHub(
    name,
    new Map([
      ['config.json', Buffer.from(twin.recipe.configJson)],
      ['tokenizer.json', Buffer.from(twin.recipe.tokenizerJson)],
      ['model.safetensors', safetensorsOf(twin.recipe, twin.names)],
    ]),
    { token: 'hidden' },
  )
})
afterEach(() => {
  hub.close()
  rmSync(cache, { recursive: true })
})

/** Runs a command line in this process; resolves to what it printed. */
async function run(line: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const parsed = await parseCommandLine(line.split(' '), { version: '0', columns: 80 })
  const stdout = new PassThrough()
  const code = await parsed!.command.run(parsed!.args, {
    signal: new AbortController().signal,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    environment,
    version: '0',
  })
  expect(code).toBe(0)
  return String(stdout.read())
}

test('what is pulled is built, listed, described and served by its name', async () => {
  const environment = { HF_ENDPOINT: hub.url, HF_TOKEN: 'hidden', RERANKSCOPE_CACHE: cache }
  const pulled = await run(`model pull ${name} --json`, environment)
  expect(JSON.parse(pulled)).toMatchObject({ name, revision: 'main', commit })
  expect(pulled).not.toContain('hidden')
  expect(await run('model list', environment)).toContain(`pulled at ${commit.slice(0, 12)}`)
  const described = JSON.parse(await run(`model info ${name} --json`, environment)) as object
  expect(described).toMatchObject({
    architecture: 'XLMRobertaForSequenceClassification',
    parameters,
    maximumTokens: 512,
    graphs: [{ file: 'model.onnx', dtype: 'float32', form: 'padded' }],
  })
  const models = join(cache, 'models')
  expect(loadModel(name, { cache: models })).toMatchObject({ name, dtype: 'float32' })
  await run(
    `model build ${name} --dtype int8 --out ${join(models, 'acme--tiny-reranker')}`,
    environment,
  )
  expect(loadModel(name, { cache: models, dtype: 'int8' })).toMatchObject({ dtype: 'int8' })
})

test.each([
  ['model pull', {}, /Say what to pull/],
  ['model pull nonsense', {}, /Say what to pull/],
  ['model pull a/b', { HF_ENDPOINT: 'ftp://x' }, /HF_ENDPOINT is no http address/],
  ['model build embedded --twin tiny-bert --out x', {}, /not both/],
  ['model build --twin tiny-bert --seed 1.5 --out x', {}, /--seed 1\.5 is not possible/],
  ['model build embedded', {}, /Say where to write/],
  ['model info nothing', {}, /There is nothing to build called "nothing"/],
  ['model nothing', {}, /There is no `model nothing`: list, info, pull, build or check/],
])('%s is refused in one sentence', async (line, environment, sentence) => {
  await expect(run(line, environment)).rejects.toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: expect.stringMatching(sentence) as string,
    }) as Error,
  )
})
