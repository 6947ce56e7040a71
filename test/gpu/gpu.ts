import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { messageOf } from '../../core/errors.ts'
import { buildModel } from '../../reference-server/model/build.ts'
import { graphFileName } from '../../reference-server/model/folder.ts'
import { openRecipe, type ModelRecipe } from '../../reference-server/model/sources/index.ts'
import { measure, type Measured, type MeasureOptions, type Row } from './measure.ts'
import { prepare } from './prepare.ts'
import { compare, rowsOf, tableHead } from './report.ts'
import { lengthsOf, runsOf, smallWorkloads, workloads, type Workload } from './workload.ts'

/**
 * What a GPU does with our graphs. Three steps, the first on a machine with network:
 *
 *     node dist/test/gpu/gpu.js prepare --out DIR     a folder that needs neither network nor Node
 *     DIR/run.sh                                      on the GPU machine: build, compare, measure
 *     DIR/run.sh --device cpu --small                 the same without a GPU, to see that it works
 *
 * Rows go to stdout and sentences to stderr as they come, so that a machine which is taken away in
 * the middle has not run in vain. Exits with 1 when packed and padded scores differ by more than the
 * tolerance, or when one of them cannot be computed, which does not end the others.
 */
const tolerance = 4e-3
const usualModels = 'bge-reranker-v2-m3,bge-reranker-base'
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
  const large = values.small ? [] : (values.models ?? usualModels).split(',')
  const small = values.small ? ['tiny-xlm-roberta', 'tiny-bert'] : ['tiny-bert']
  console.log(`${machine(device)}\n\n${tableHead}`)
  try {
    // Seconds tell whether anything runs here at all, before gigabytes are built.
    for (const model of small) {
      const padded = await measureModel(model, device, folder, smallWorkloads, 0.2)
      if (padded === undefined) throw new Error(`nothing runs on ${device} here`)
    }
    for (const model of large) {
      await measureModel(model, device, folder, workloads, Number(values.seconds))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Both graphs of a model, compared, and PyTorch; what was measured of the first, undefined where it failed. */
async function measureModel(
  model: string,
  device: Device,
  folder: string,
  some: readonly Workload[],
  seconds: number,
): Promise<Measured | undefined> {
  const recipe = openRecipe({ name: model, twin: true, seed: 1 })
  const measured: (Measured | undefined)[] = []
  for (const variant of variants[device]) {
    measured.push(await measureVariant(recipe, variant, { device, model, folder, some, seconds }))
  }
  const [first, second] = measured
  if (first !== undefined && second !== undefined) sayHowFarApart(model, device, first, second)
  const torch = torchRows(recipe, { device, folder, some, seconds })
  if (torch !== undefined) {
    console.log(rowsOf({ name: 'PyTorch fp16, compiled', model, rows: torch }))
  }
  return first
}

function sayHowFarApart(model: string, device: Device, a: Measured, b: Measured): void {
  const { score, spread } = compare(a, b)
  const names = variants[device].map(({ name }) => name).join(' and ')
  const agrees = score <= tolerance
  console.error(
    `${model}: ${names}: scores differ by at most ${score.toExponential(1)} (allowed ${String(tolerance)}: ${agrees ? 'agrees' : 'DOES NOT AGREE'}), where logits spread by ${spread.toFixed(2)}.`,
  )
  if (!agrees) process.exitCode = 1
}

interface Measurement {
  readonly device: Device
  readonly folder: string
  readonly some: readonly Workload[]
  readonly seconds: number
}

/** Builds one graph, measures it in a process of its own (memory comes back only at its end), removes it. */
async function measureVariant(
  recipe: ModelRecipe,
  { name, dtype, form }: Variant,
  { device, model, folder, some, seconds }: Measurement & { readonly model: string },
): Promise<Measured | undefined> {
  const directory = join(folder, `${model}-${dtype}-${form}`)
  const signal = new AbortController().signal
  try {
    await buildModel({ recipe, dtype, form, directory, signal })
    const options: MeasureOptions = {
      graph: join(directory, graphFileName({ dtype, form })),
      device,
      vocabularySize: recipe.config.vocabularySize,
      paddingId: recipe.architecture.firstPosition === 0 ? 0 : 1,
      documentType: recipe.architecture.tokenTypeInput ? 1 : 0,
      workloads: some,
      seconds,
    }
    const [ask, answer] = [join(directory, 'ask.json'), join(directory, 'answer.json')]
    writeFileSync(ask, JSON.stringify(options))
    const self = fileURLToPath(import.meta.url)
    execFileSync(process.execPath, [self, 'measure', ask, answer], { stdio: 'inherit' })
    const measured = JSON.parse(readFileSync(answer, 'utf8')) as Measured
    if (measured.device !== device)
      throw new Error(`it ran on ${measured.device}, not on ${device}`)
    console.log(rowsOf({ name, model, rows: measured.rows }))
    return measured
  } catch (error) {
    console.error(`${model}: ${name} cannot be measured: ${messageOf(error)}`)
    process.exitCode = 1
    return undefined
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The same lengths in PyTorch; undefined, with a sentence, where it is not installed. */
function torchRows(
  recipe: ModelRecipe,
  { device, folder, some, seconds }: Measurement,
): readonly Row[] | undefined {
  const script = [join(root, 'torch_bench.py'), join(root, 'test/gpu/torch_bench.py')].find(
    existsSync,
  )
  if (script === undefined || spawnSync('python3', ['-c', 'import torch']).status !== 0) {
    console.error('PyTorch is not installed here: not compared.')
    return undefined
  }
  const plan = join(folder, 'torch.json')
  const items = some.map((workload) => ({ ...workload, runs: runsOf(lengthsOf(workload)) }))
  writeFileSync(plan, JSON.stringify({ config: recipe.config, device, seconds, items }))
  const { status, stdout } = spawnSync('python3', [script, plan], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status === 0) return JSON.parse(stdout) as readonly Row[]
  console.error('PyTorch failed: not compared.')
  return undefined
}

function machine(device: Device): string {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']
  const { stdout, status } = spawnSync('nvidia-smi', query, { encoding: 'utf8' })
  const card = status === 0 ? stdout.trim() : 'no GPU that nvidia-smi sees'
  return `Machine: ${card}; measured on ${device}; Node ${process.versions.node}; ONNX Runtime 1.29.0.`
}
