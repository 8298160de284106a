import { sizesUpTo } from './resolutions.ts';

/** A part of a run at one resolution. */
export interface Phase {
  /** Unique in a run: "8-fade", "32-2". */
  readonly name: string;
  readonly size: number;
  /** Whether the layers of this size are faded in over the phase. */
  readonly isFading: boolean;
  /** Real images that the critic is shown. */
  readonly images: number;
  /** Those that it was shown at this size before. */
  readonly imagesBefore: number;
}

export interface ScheduleOptions {
  /** Height and width of the images. */
  readonly size: number;
  /** Height and width to begin with: 4 in Karras et al. 2018, 8 in Karras et al. 2019. */
  readonly growFrom: number;
  /** Images in each phase before the last: 800,000 in Karras et al. 2018, 600,000 in Karras et al. 2019. */
  readonly phaseImages: number;
  /** Images of the last phase, once all layers are there, and the parts that it is cut into. */
  readonly lastImages: number;
  readonly lastParts: number;
}

/**
 * The schedule of a run (Karras et al. 2018, appendix A): the smallest size; then each next one, faded in over one phase and
 * settled over another; the last phase is cut into parts, after each of which the report has pictures.
 */
export function schedulePhases({ size, growFrom, phaseImages, lastImages, lastParts }: ScheduleOptions): Phase[] {
  const sizes = sizesUpTo(size).filter((each) => each >= growFrom);
  return sizes.flatMap((at, index) => {
    const fading = index === 0 ? 0 : phaseImages;
    const fade = index === 0 ? [] : [{ name: `${at}-fade`, size: at, isFading: true, images: fading, imagesBefore: 0 }];
    if (at < size) {
      const name = `${at}-settle`;
      return [...fade, { name, size: at, isFading: false, images: phaseImages, imagesBefore: fading }];
    }
    const edge = (part: number): number => Math.round((part * lastImages) / lastParts);
    const parts = Array.from({ length: lastParts }, (_, part): Phase => ({
      ...{ name: `${at}-${part + 1}`, size: at, isFading: false },
      ...{ images: edge(part + 1) - edge(part), imagesBefore: fading + edge(part) },
    }));
    return [...fade, ...parts.filter(({ images }) => images > 0)];
  });
}
