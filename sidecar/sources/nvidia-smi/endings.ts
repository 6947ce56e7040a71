/** nvidia-smi's exit codes (its manual page), each as what is wrong and what to do. */
const meanings: Readonly<Record<number, string>> = {
  2: 'it does not know an argument; the driver may have changed',
  3: 'the operation is not available on this device',
  4: 'it lacks the permission: run as a user who may use the GPU',
  6: 'no NVIDIA GPU was found: check that one is given to this machine or container',
  8: 'a power cable of the GPU is not connected',
  9: 'the NVIDIA driver is not loaded: load or reinstall it',
  10: "the kernel found an interrupt problem with a GPU: see the kernel's log",
  12: 'the NVML library was not found: the container needs the NVIDIA runtime, with the capability "utility"',
  13: 'the NVML library is too old for this nvidia-smi: update the driver',
  14: 'the infoROM of a GPU is corrupted',
  15: 'a GPU has fallen off the bus: reboot, or drain the node',
  18: 'driver and NVML library are of different versions: reboot, or reload the driver',
}

/** What a shell exits with when it cannot start the program. */
const shellEndings: Readonly<Record<number, (program: string) => string>> = {
  126: cannotExecute,
  127: notFound,
}

export function notFound(program: string): string {
  return `${program} was not found: install the NVIDIA driver, name the program with --nvidia-smi PATH, or choose another --gpu.`
}

export function cannotExecute(program: string): string {
  return `${program} may not be executed: check its permissions.`
}

/** One sentence on how a run of `program` ended. `note` is the first thing it said that was no row. */
export function endingOf(
  program: string,
  code: number | null,
  signal: string | null,
  note: string | undefined,
): string {
  const ofShell = code === null ? undefined : shellEndings[code]
  if (ofShell !== undefined) return ofShell(program)
  const cause = causeOf(note)
  const how = code === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${String(code)}`
  const meaning = code === null ? undefined : meanings[code]
  const explained = meaning ?? cause
  return `${program} ${how}${explained === undefined ? '' : `: ${explained}`}${note === undefined ? '' : ` (it said "${note}")`}.`
}

/** What the program said and its code does not. */
function causeOf(note: string | undefined): string | undefined {
  if (note?.includes('Failed to initialize NVML: Unknown Error') === true) {
    return 'the container has lost its devices, as after a systemctl daemon-reload on the host: restart the container'
  }
  return note?.includes('Driver Not Loaded') === true ? meanings[9] : undefined
}
