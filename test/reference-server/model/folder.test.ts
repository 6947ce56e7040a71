import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readModelFolder } from '../../../reference-server/model/folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-model-'))
  for (const file of ['model.onnx', 'tokenizer.json']) writeFileSync(join(folder, file), '{}')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('a model folder that cannot be read says which file it is', () => {
  test.each(['tokenizer.json', 'tokenizer_config.json', 'config.json'])(
    '%s is a directory',
    (file) => {
      rmSync(join(folder, file), { force: true })
      mkdirSync(join(folder, file))
      expect(() => readModelFolder(folder)).toThrow(
        expect.objectContaining({
          exitCode: 2,
          message: expect.stringContaining(`${join(folder, file)} cannot be read`) as string,
        }) as Error,
      )
    },
  )

  test.each(['tokenizer_config.json', 'config.json'])('%s is no JSON', (file) => {
    writeFileSync(join(folder, file), '{')
    expect(() => readModelFolder(folder)).toThrow('is not the JSON that it should be')
  })

  test.each(['model.onnx', 'tokenizer.json'])('%s is missing', (file) => {
    rmSync(join(folder, file))
    expect(() => readModelFolder(folder)).toThrow(`holds no ${file}`)
  })
})
