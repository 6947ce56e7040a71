import { queryLimits } from './dataset/index.ts'
import type { modes } from './measure/run-file.ts'
import type { SloThreshold } from './measure/slo.ts'
import type { BatchForm, Profile } from './plan/profile.ts'
import { defaultTolerance } from './scores.ts'

export interface RunOptions {
  readonly target: string
  /** A name from `profiles`, or a profile. */
  readonly profile: string | Profile
  /** Length of the schedule; the profile's own without it. */
  readonly seconds?: number | undefined
  /** Stretches time: at 0.5 the same queries come in half of it. */
  readonly timeScale?: number | undefined
  /** Multiplies the rate. */
  readonly rateScale?: number | undefined
  /** What the profile's rates count. */
  readonly count?: RateUnit | undefined
  readonly batchForm?: BatchForm | undefined
  /** Folder to write; made when missing. */
  readonly out: string
  /** Write into a folder that is not empty. */
  readonly force?: boolean | undefined
  readonly seed?: number | undefined
  /** `open` (default): by the profile's schedule. `saturate`: `concurrency` requests on their way at all times. */
  readonly mode?: RunMode | undefined
  /** Default 8, the batch size of the article's sustained throughput. */
  readonly concurrency?: number | undefined
  readonly engine?: string | undefined
  /** The k6 program, for that engine; default: found on PATH. */
  readonly k6?: string | undefined
  /** `auto` (default) or the name of a dialect. */
  readonly dialect?: string | undefined
  /** Sent to the target and nowhere else. */
  readonly apiKey?: string | undefined
  /** That requests name, where the dialect names one; what the target says of itself without it. */
  readonly model?: string | undefined
  /** The model's folder or tokenizer.json: lengths are then reported in its tokens too. `none`: never. */
  readonly tokenizer?: string | undefined
  /** The tokenizer.json of a model by the name that the target gives it; asked where none is named. */
  readonly findTokenizer?: ((model: string) => Promise<string | undefined>) | undefined
  /** File of scores that the answers must have, within the tolerance. */
  readonly expectScores?: string | undefined
  readonly scoreTolerance?: number | undefined
  /** File to write with the scores of the answers. */
  readonly writeScores?: string | undefined
  /** A name from `datasets`, or a path. */
  readonly dataset?: string | undefined
  /** Taken from the data set, chosen by the seed. */
  readonly queries?: number | undefined
  /** Of files that have several; dev, else the first that is there, without it. */
  readonly split?: string | undefined
  /** URL of a sidecar that watches the target's GPUs. */
  readonly sidecar?: string | undefined
  readonly timeoutSeconds?: number | undefined
  readonly slo?: readonly SloThreshold[] | undefined
  /** URL of a collector to push the run's own metrics to, over OTLP, while it lasts. */
  readonly otlp?: string | undefined
}

export const defaults = {
  mode: 'open',
  concurrency: 8,
  engine: 'autocannon',
  dialect: 'auto',
  dataset: 'synthetic',
  queries: queryLimits.default,
  seed: 1,
  timeoutSeconds: 60,
  timeScale: 1,
  rateScale: 1,
  count: 'queries',
  batchForm: 'burst',
  scoreTolerance: defaultTolerance,
} as const satisfies Partial<RunOptions>

type RunMode = (typeof modes)[number]
export const rateUnits = ['queries', 'batches'] as const
type RateUnit = (typeof rateUnits)[number]
