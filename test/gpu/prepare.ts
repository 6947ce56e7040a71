import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Holds ONNX Runtime's CUDA provider, built for CUDA 13; its version and ours must be one. */
const providerPackage = 'com.github.asus4.onnxruntime.linux-x64-gpu@0.4.9'
const providerVersion = '1.29.0'
const providerFiles = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so']

/**
 * Makes a folder that runs on a Linux machine without network: Node, the packages, the compiled
 * program and the CUDA provider. `root` is a checkout with a build; without the provider only the CPU
 * can be measured.
 */
export function prepare(root: string, out: string, withProvider: boolean): void {
  if (existsSync(out)) throw new Error(`${out} exists: name a new folder`)
  mkdirSync(join(out, 'bin'), { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc', 'dist']) {
    cpSync(join(root, file), join(out, file), { recursive: true })
  }
  for (const file of ['torch_bench.py', 'bench.yaml']) {
    cpSync(join(root, 'test/gpu', file), join(out, file))
  }
  npm(['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'], out)
  cpSync(process.execPath, join(out, 'bin/node'))
  const runtime = join(out, 'node_modules/onnxruntime-node')
  const { version } = JSON.parse(readFileSync(join(runtime, 'package.json'), 'utf8')) as {
    version: string
  }
  if (version !== providerVersion) {
    throw new Error(
      `onnxruntime-node is ${version}, the CUDA provider ${providerVersion}: they must be one`,
    )
  }
  const libraries = join(runtime, 'bin/napi-v6')
  for (const platform of readdirSync(libraries)) {
    if (platform !== 'linux') rmSync(join(libraries, platform), { recursive: true })
  }
  if (withProvider) addProvider(join(libraries, 'linux/x64'))
  for (const [name, command] of Object.entries(scripts)) {
    writeFileSync(join(out, name), `${scriptHead}${command}\n`)
    chmodSync(join(out, name), 0o755)
  }
}

function addProvider(to: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-provider-'))
  try {
    npm(['pack', providerPackage, '--silent'], folder)
    const [archive = ''] = readdirSync(folder)
    execFileSync('tar', ['-xzf', archive], { cwd: folder })
    const found = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    for (const file of providerFiles) {
      const path = found.find((one) => one.endsWith(`/${file}`))
      if (path === undefined) throw new Error(`${providerPackage} holds no ${file}`)
      cpSync(join(folder, path), join(to, file))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function npm(words: readonly string[], cwd: string): void {
  execFileSync('npm', [...words], { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** CUDA's libraries come with a toolkit or with PyTorch's wheels; both places are looked at. */
const scriptHead = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
wheels=$(python3 - 2>/dev/null <<'PYTHON'
import glob, os, site
places = site.getsitepackages() + [site.getusersitepackages()]
print(":".join(d for p in places for d in sorted(glob.glob(os.path.join(p, "nvidia", "*", "lib")))))
PYTHON
)
LD_LIBRARY_PATH="$wheels:$(ls -d /usr/local/cuda*/lib64 2>/dev/null | tr '\\n' ':')$LD_LIBRARY_PATH"
export LD_LIBRARY_PATH
`

/** What a prepared folder can do: measure the graphs alone, or compare two models as served. */
const scripts = {
  'run.sh': 'exec "$here/bin/node" "$here/dist/test/gpu/gpu.js" run "$@"',
  'bench.sh': 'exec "$here/bin/node" "$here/dist/cli.js" bench "$here/bench.yaml" "$@"',
}
