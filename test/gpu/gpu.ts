import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildModel } from '../../reference-server/model/build.ts'
import { graphFileName } from '../../reference-server/model/folder.ts'
import { openRecipe, type ModelRecipe } from '../../reference-server/model/sources/index.ts'
import { measure, type Measured, type MeasureOptions, type Row } from './measure.ts'
import { prepare } from './prepare.ts'
import { compare, tableOf, type Engine } from './report.ts'
import { lengthsOf, runsOf, smallWorkloads, workloads } from './workload.ts'

/**
 * What a GPU does with our graphs. Three steps, the first on a machine with network:
 *
 *     node dist/test/gpu/gpu.js prepare --out DIR     a folder that needs neither network nor Node
 *     DIR/run.sh                                      on the GPU machine: build, compare, measure
 *     DIR/run.sh --device cpu --small                 the same without a GPU, to see that it works
 *
 * Exits with 1 when packed and padded scores differ by more than the tolerance.
 */
const tolerance = 4e-3
const root = fileURLToPath(new URL('../../..', import.meta.url))

type Device = MeasureOptions['device']
interface Variant {
  readonly name: string
  readonly dtype: 'float32' | 'float16'
  readonly form: 'padded' | 'packed'
}
/** On the CPU there is no packed graph: float32 takes its place, so that there is something to compare. */
const variants: Readonly<Record<Device, readonly [Variant, Variant]>> = {
  cuda: [
    { name: 'padded fp16', dtype: 'float16', form: 'padded' },
    { name: 'packed fp16', dtype: 'float16', form: 'packed' },
  ],
  cpu: [
    { name: 'padded fp16', dtype: 'float16', form: 'padded' },
    { name: 'padded fp32', dtype: 'float32', form: 'padded' },
  ],
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    'no-provider': { type: 'boolean', default: false },
    device: { type: 'string', default: 'cuda' },
    small: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '4' },
    models: { type: 'string' },
  },
})

switch (positionals[0]) {
  case 'prepare':
    if (values.out === undefined) throw new Error('say where to: --out DIR')
    prepare(root, values.out, !values['no-provider'])
    console.log(`Copy ${values.out} to the GPU machine and start run.sh there.`)
    break
  case 'run':
    await run(values.device === 'cpu' ? 'cpu' : 'cuda')
    break
  case 'measure': {
    const options = JSON.parse(readFileSync(positionals[1] ?? '', 'utf8')) as MeasureOptions
    writeFileSync(positionals[2] ?? '', JSON.stringify(await measure(options)))
    break
  }
  case undefined:
  default:
    throw new Error('say what to do: prepare --out DIR, or run')
}

async function run(device: Device): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-gpu-'))
  const usual = values.small ? 'tiny-xlm-roberta,tiny-bert' : 'bge-reranker-v2-m3,bge-reranker-base'
  const models = (values.models ?? usual).split(',')
  console.log(`${machine(device)}\n`)
  try {
    const engines: Engine[] = []
    for (const model of models) {
      const recipe = openRecipe({ name: model, twin: true, seed: 1 })
      const [padded, other] = [
        await variant(recipe, variants[device][0], device, folder, engines, model),
        await variant(recipe, variants[device][1], device, folder, engines, model),
      ]
      const { score, spread } = compare(padded, other)
      const names = variants[device].map(({ name }) => name).join(' and ')
      const verdict = score <= tolerance ? 'agrees' : 'DOES NOT AGREE'
      console.log(
        `${model}: ${names}: scores differ by at most ${score.toExponential(1)} (allowed ${String(tolerance)}: ${verdict}), where logits spread by ${spread.toFixed(2)}.`,
      )
      if (!(score <= tolerance)) process.exitCode = 1
      const torch = torchRows(recipe, device, folder)
      if (torch !== undefined) engines.push({ name: 'PyTorch fp16, compiled', model, rows: torch })
    }
    console.log(`\n${tableOf(engines)}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Builds one graph, measures it in a process of its own (memory comes back only at its end), removes it. */
async function variant(
  recipe: ModelRecipe,
  { name, dtype, form }: Variant,
  device: Device,
  folder: string,
  engines: Engine[],
  model: string,
): Promise<Measured> {
  const directory = join(folder, `${model}-${dtype}-${form}`)
  const signal = new AbortController().signal
  await buildModel({ recipe, dtype, form, directory, signal })
  const options: MeasureOptions = {
    graph: join(directory, graphFileName({ dtype, form })),
    device,
    vocabularySize: recipe.config.vocabularySize,
    paddingId: recipe.architecture.firstPosition === 0 ? 0 : 1,
    documentType: recipe.architecture.tokenTypeInput ? 1 : 0,
    workloads: values.small ? smallWorkloads : workloads,
    seconds: values.small ? 0.2 : Number(values.seconds),
  }
  const [ask, answer] = [join(directory, 'ask.json'), join(directory, 'answer.json')]
  writeFileSync(ask, JSON.stringify(options))
  const self = fileURLToPath(import.meta.url)
  execFileSync(process.execPath, [self, 'measure', ask, answer], { stdio: 'inherit' })
  const measured = JSON.parse(readFileSync(answer, 'utf8')) as Measured
  if (measured.device !== device) throw new Error(`it ran on ${measured.device}, not on ${device}`)
  engines.push({ name, model, rows: measured.rows })
  rmSync(directory, { recursive: true })
  return measured
}

/** The same lengths in PyTorch; undefined, with a sentence, where it is not installed. */
function torchRows(
  recipe: ModelRecipe,
  device: Device,
  folder: string,
): readonly Row[] | undefined {
  const script = [join(root, 'torch_bench.py'), join(root, 'test/gpu/torch_bench.py')].find(
    existsSync,
  )
  if (script === undefined || spawnSync('python3', ['-c', 'import torch']).status !== 0) {
    console.log('PyTorch is not installed here: not compared.')
    return undefined
  }
  const plan = join(folder, 'torch.json')
  const some = values.small ? smallWorkloads : workloads
  const items = some.map((workload) => ({ ...workload, runs: runsOf(lengthsOf(workload)) }))
  const seconds = values.small ? 0.2 : Number(values.seconds)
  writeFileSync(plan, JSON.stringify({ config: recipe.config, device, seconds, items }))
  const { status, stdout } = spawnSync('python3', [script, plan], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status === 0) return JSON.parse(stdout) as readonly Row[]
  console.log('PyTorch failed: not compared.')
  return undefined
}

function machine(device: Device): string {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']
  const { stdout, status } = spawnSync('nvidia-smi', query, { encoding: 'utf8' })
  const card = status === 0 ? stdout.trim() : 'no GPU that nvidia-smi sees'
  return `Machine: ${card}; measured on ${device}; Node ${process.versions.node}; ONNX Runtime 1.29.0.`
}
