import type { Random } from '../../base/philox.ts';
import type { Settings, SettingValues } from '../../base/settings.ts';
import type { CriticPlan } from '../critics/critic-plan.ts';
import type { TrainingRows } from '../critics/detecting-critic.ts';
import type { TranslationPlan, TranslationRows } from '../radial/plan.ts';

/**
 * What a family declares; the trainer asks, and nothing outside src/models/families branches on a family's name. A family
 * is one file beside this one and one line in families/index.ts.
 */
export interface Family<S extends Settings = Settings> {
  readonly name: string;
  /** For `--help`: what it is, and when to use it. */
  readonly summary: string;
  /** Authors, year, title, where. */
  readonly source: string;
  /** The family's own settings, each with its default and source; they are flags of `train`. */
  readonly settings: S;
  /** The setting that is the number of updates; the folds of cross-conformal calibration take a share of it. */
  readonly budget: keyof S & string;
  readonly defaultPreset: string;
  /** Named sets of values; a flag, the environment or the file goes before them. */
  readonly presets: Readonly<Record<string, Preset<S>>>;
  /** Refuses values that do not go together, with `INVALID_INPUT`, before any data are read. */
  check(values: SettingValues<S>): void;
  /** The critics to train on these rows, in order; names, roles and lengths of the tasks depend on the values alone. */
  plan(values: SettingValues<S>, data: TrainingRows, random: Random): readonly CriticPlan[];
  /** How rows of several sources are translated into each other; absent in a family that has one source. */
  planTranslation?(values: SettingValues<S>, rows: TranslationRows): TranslationPlan;
}

export interface Preset<S extends Settings> {
  readonly summary: string;
  readonly values: Partial<SettingValues<S>>;
  /** What critic.onnx scores by, where it is not the members. */
  readonly score?: ScoreChoice;
}

/** Which critics critic.onnx scores by. */
export const SCORE_CHOICES = ['members', 'own', 'both'] as const;
export type ScoreChoice = (typeof SCORE_CHOICES)[number];

/** A family as shared code sees it: its settings are checked by its own table before they come back to it. */
export type AnyFamily = Omit<Family, 'plan' | 'planTranslation' | 'check'> & {
  check(values: Readonly<Record<string, unknown>>): void;
  plan(values: Readonly<Record<string, unknown>>, data: TrainingRows, random: Random): readonly CriticPlan[];
  planTranslation?(values: Readonly<Record<string, unknown>>, rows: TranslationRows): TranslationPlan;
};

/** Checks that presets and plan fit the settings, then forgets their types. */
export function defineFamily<S extends Settings>(family: Family<S>): AnyFamily {
  return family;
}
