import { expect, test } from 'vitest'
import { wordsOf } from '../../../sidecar/sources/nvidia-smi/command.ts'
import { endingOf } from '../../../sidecar/sources/nvidia-smi/endings.ts'

test.each([
  ['nvidia-smi', ['nvidia-smi']],
  [
    'ssh -o BatchMode=yes gpu-host nvidia-smi',
    ['ssh', '-o', 'BatchMode=yes', 'gpu-host', 'nvidia-smi'],
  ],
  [`"/opt/my tools/smi" --flag 'two words'`, ['/opt/my tools/smi', '--flag', 'two words']],
  ['/no/such file', ['/no/such', 'file']],
  ['', []],
])('the words of %j', (command, words) => {
  expect(wordsOf(command)).toEqual(words)
})

test('a path with spaces that exists is one word', () => {
  expect(wordsOf(process.execPath)).toEqual([process.execPath])
})

test.each([
  [
    'Failed to initialize NVML: Unknown Error',
    /the container has lost its devices.*restart the con/,
  ],
  ['Failed to properly shut down NVML: Driver Not Loaded', /the NVIDIA driver is not loaded/],
])('what is wrong is told where the exit code says nothing: %s', (note, sentence) => {
  expect(endingOf('nvidia-smi', 255, null, note)).toMatch(sentence)
})

test.each([
  [
    18,
    null,
    'nvidia-smi exited with 18: driver and NVML library are of different versions: reboot, or reload the driver (it said "x").',
  ],
  [255, null, 'nvidia-smi exited with 255 (it said "x").'],
  [null, 'SIGKILL', 'nvidia-smi was ended by SIGKILL (it said "x").'],
  [
    127,
    null,
    'nvidia-smi was not found: install the NVIDIA driver, name the program with --nvidia-smi PATH, or choose another --gpu.',
  ],
  [126, null, 'nvidia-smi may not be executed: check its permissions.'],
])('how a run that ended with %s %s is told', (code, signal, sentence) => {
  expect(endingOf('nvidia-smi', code, signal, 'x')).toBe(sentence)
})
