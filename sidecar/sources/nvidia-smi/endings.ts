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

/** One sentence on how a run of `program` ended. `note` is the last thing it said. */
export function endingOf(
  program: string,
  code: number | null,
  signal: string | null,
  note: string | undefined,
): string {
  const how = code === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${String(code)}`
  const meaning = code === null ? undefined : meanings[code]
  return `${program} ${how}${meaning === undefined ? '' : `: ${meaning}`}${note === undefined ? '' : ` (it said "${note}")`}.`
}
