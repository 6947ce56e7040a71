import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

const time =
  'Take time as an argument or a Clock (core/clock.ts), so that tests can run an hour in a millisecond.'
const fences = {
  globals: ['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({ name, message: time })),
  properties: [
    { object: 'Date', property: 'now', message: time },
    { object: 'performance', property: 'now', message: time },
    { object: 'process', property: 'hrtime', message: time },
    {
      object: 'process',
      property: 'env',
      message: 'The environment is configuration: read it in commands/ and pass options on.',
    },
    {
      object: 'process',
      property: 'exit',
      message: 'One exit, in cli.ts: throw a UserError, or let the event loop end.',
    },
  ],
  imports: [
    {
      name: 'node:child_process',
      message:
        'Only the nvidia-smi source, the k6 engine and the launchers of our own programs start processes.',
    },
    {
      name: 'onnxruntime-node',
      message: 'run() blocks its thread: only the inference process may load it.',
    },
  ],
}

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'runs/', '**/generated/']),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: ['*.js', '*.mjs', 'scripts/*.mjs', '.dependency-cruiser.mjs'],
        },
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-restricted-globals': ['error', ...fences.globals],
      'no-restricted-properties': ['error', ...fences.properties],
      'no-restricted-imports': ['error', { paths: fences.imports }],
    },
  },
  {
    name: 'a table, not a program: one entry a metric',
    files: ['core/metrics.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    name: 'time: the clock, the poll loop, the pacer, the script that paces in k6',
    files: [
      'core/clock.ts',
      'sidecar/poll.ts',
      'loadgen/engines/pacer.ts',
      'loadgen/engines/k6/script.ts',
    ],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': [
        'error',
        ...fences.properties.filter(({ object }) => object === 'process'),
      ],
    },
  },
  {
    name: 'processes: nvidia-smi, the inference launcher, the demo, promtool for `alerts check`',
    files: [
      'sidecar/sources/nvidia-smi.ts',
      'sidecar/sources/nvidia-smi/*.ts',
      'reference-server/infer/launcher.ts',
      'commands/children.ts',
      'commands/doctor.ts',
      'loadgen/engines/k6/index.ts',
      'loadgen/engines/k6/program.ts',
      'alerts/promtool.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: fences.imports.filter(({ name }) => name !== 'node:child_process') },
      ],
    },
  },
  {
    name: 'onnxruntime: the inference process',
    files: ['reference-server/infer/process.ts', 'reference-server/infer/session.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { paths: fences.imports.filter(({ name }) => name !== 'onnxruntime-node') },
      ],
    },
  },
  {
    name: 'environment and exit: the commands',
    files: ['cli.ts', 'commands/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...fences.properties.filter(({ property }) => property !== 'env' && property !== 'exit'),
      ],
    },
  },
  {
    name: 'tests, benches and scripts drive everything',
    files: ['test/**', 'bench/**', 'scripts/**', '*.js', '*.ts'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
)
