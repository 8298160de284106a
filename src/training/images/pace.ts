import { formatNumber, plural } from '../report/format.ts';
import type { FittedPhase } from './fit-game.ts';

/** How many images the own critic of a game has been shown, and how fast. */
export interface GamePace {
  readonly phases: number;
  /** By all processes that had a part in the run. */
  readonly images: number;
  /** By this process alone, compiling left out; null where it has shown none. */
  readonly imagesPerSecond: number | null;
}

type Played = Pick<FittedPhase, 'phase' | 'steps' | 'stepsDone' | 'stepsPlayed' | 'seconds'>;

export function paceOf(phases: readonly Played[]): GamePace {
  let [shown, here, seconds] = [0, 0, 0];
  for (const { phase, steps, stepsDone, stepsPlayed, ...played } of phases) {
    const perStep = steps > 0 ? phase.images / steps : 0;
    shown += perStep * stepsDone;
    here += perStep * stepsPlayed;
    seconds += stepsPlayed > 0 ? played.seconds : 0;
  }
  return { phases: phases.length, images: Math.round(shown), imagesPerSecond: seconds > 0 ? here / seconds : null };
}

/** "440,000 images in 14 phases, 151 a second" */
export function describePace({ phases, images, imagesPerSecond }: GamePace): string {
  const pace = imagesPerSecond === null ? '' : `, ${formatNumber(imagesPerSecond)} a second`;
  return `${plural(images, 'image')} in ${plural(phases, 'phase')}${pace}`;
}
