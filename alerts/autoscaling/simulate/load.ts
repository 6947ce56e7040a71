/** What is asked of a deployment over time. */
export interface Load {
  /** For people: `sine from 0.2 to 3`. */
  readonly name: string
  /** How long it lasts; undefined for what has no end of its own. */
  readonly seconds: number | undefined
  /** In replicas kept wholly busy: 0.85 is 85 % of one, 3 is all of three. Undefined where not known. */
  readonly at: (seconds: number) => number | undefined
  /** Of a recording: its GPUs were full, so that more may have been asked than it shows. */
  readonly saturated?: boolean
}

/** From here on a GPU counts as full: sampled utilisation seldom says all of it. */
export const fullRatio = 0.98

/** `load` again and again until `seconds`, when it is shorter. */
export function repeated(load: Load): Load {
  const { seconds } = load
  if (seconds === undefined) return load
  return { ...load, seconds: undefined, at: (at) => load.at(at % seconds) }
}

/** `load`, so many times as much. */
export function multiplied(load: Load, times: number): Load {
  if (times === 1) return load
  return {
    ...load,
    name: `${load.name} × ${String(times)}`,
    at: (at) => {
      const demand = load.at(at)
      return demand === undefined ? undefined : demand * times
    },
  }
}

/** Each value stands until the next. `points` rise in time, the first at 0 or later. */
export function stepwise(
  name: string,
  seconds: number,
  points: readonly { readonly atSeconds: number; readonly demand: number | undefined }[],
): Load {
  return {
    name,
    seconds,
    at: (at) => {
      let low = 0
      let high = points.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((points[middle]?.atSeconds ?? Infinity) <= at) low = middle + 1
        else high = middle
      }
      return points[low - 1]?.demand
    },
  }
}
