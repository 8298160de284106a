import type { Settings, SettingValues } from '../../base/settings.ts';
import type { ImageCriticPlan } from '../images/image-critic.ts';
import type { TrainingImages } from '../images/views.ts';
import type { ImageGamePlan } from '../images/image-game.ts';
import type { Planes } from '../images/warp.ts';
import type { Preset } from './family.ts';

/** What a family of images declares, as `Family` does for rows; the trainer asks. */
export interface ImageFamily<S extends Settings = Settings> {
  readonly name: string;
  /** For `--help`: what it is, and when to use it. */
  readonly summary: string;
  /** Authors, year, title, where. */
  readonly source: string;
  readonly settings: S;
  readonly defaultPreset: string;
  readonly presets: Readonly<Record<string, Preset<S>>>;
  /** Refuses values that do not go together, with `INVALID_INPUT`, before any image is read. */
  check(values: SettingValues<S>): void;
  /** The detecting critic, which critic.onnx scores by: of a run, or of a fold with a share of its steps. */
  plan(values: SettingValues<S>, images: TrainingImages, share?: number): ImageCriticPlan;
  /** The generator and its own critic, for images with so many labels, none when absent; absent itself in a family that has no generator. */
  planGame?(values: SettingValues<S>, image: Planes, labels?: number): ImageGamePlan;
}

/** What every family of images has, whatever else: how large images are. */
export interface ImageSizeValues {
  readonly imageSize: number;
}

/** A family of images as shared code sees it: its settings are checked by its own table before they come back to it. */
export type AnyImageFamily = Omit<ImageFamily, 'plan' | 'planGame' | 'check'> & {
  check(values: Readonly<Record<string, unknown>>): void;
  plan(values: Readonly<Record<string, unknown>>, images: TrainingImages, share?: number): ImageCriticPlan;
  planGame?(values: Readonly<Record<string, unknown>>, image: Planes, labels?: number): ImageGamePlan;
};

/** Checks that presets and plans fit the settings, then forgets their types. */
export function defineImageFamily<S extends Settings>(family: ImageFamily<S>): AnyImageFamily {
  return family;
}
