import type { InferenceThread } from '../../runtime/thread/inference-thread.ts';
import type { RowPrograms } from './row-programs.ts';

/** `inline`: on the thread that calls. `worker`: in the inference thread. `auto`: small inferences inline, and those there that are worth it. */
export const INFERENCE_MODES = ['auto', 'inline', 'worker'] as const;
export type InferenceMode = (typeof INFERENCE_MODES)[number];

/** Where a process has its models computed. */
export interface Inference {
  readonly mode: InferenceMode;
  /** Or why there is none; `worker` needs one. */
  readonly thread: InferenceThread | { readonly absent: string };
  /** Where rows may come alone, so often that a program of their own is worth it (single-row.ts). */
  readonly rowPrograms?: RowPrograms;
  /** Told where each model is computed, and why. */
  readonly tell: (message: string) => void;
}

/** Of a library's caller who says nothing. */
export const INLINE: Inference = { mode: 'inline', thread: { absent: 'nobody asked for it' }, tell: () => undefined };

export type InferencePlace = 'inline' | 'split' | 'worker';

/** By the most rows of one inference that the calling thread computes itself. */
export function placeOf(inlineRows: number): InferencePlace {
  if (inlineRows === Infinity) return 'inline';
  return inlineRows === 0 ? 'worker' : 'split';
}

/** For people. */
const PLACE_TEXTS: { readonly [P in InferencePlace]: (inlineRows: number) => string } = {
  inline: () => 'inline',
  split: (rows) => `up to ${rows} rows inline, more in the inference thread`,
  worker: () => 'in the inference thread',
};

export const describePlace = (inlineRows: number): string => PLACE_TEXTS[placeOf(inlineRows)](inlineRows);
