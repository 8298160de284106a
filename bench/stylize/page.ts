import { markdownTable } from '../support/documents.ts';
import type { MeasuredRow } from './measure.ts';
import type { PatternKind } from './pictures.ts';
import type { TrainedBench, TrainingSets } from './train.ts';

export interface StylizePage extends TrainedBench {
  readonly machine: string;
  readonly sets: TrainingSets;
  /** Scenes that are stylized, each by a pattern of each kind. */
  readonly contents: number;
  readonly unseen: readonly PatternKind[];
  readonly steps: number;
  readonly stylizerSteps: number;
  readonly rows: readonly MeasuredRow[];
}

/** docs/stylize.md */
export function stylizePage({ machine, sets, contents, unseen, steps, stylizerSteps, ...took }: StylizePage): string {
  const { size, scenes, patternsOfKind, kinds } = sets;
  return `${HOW_TO}
## Pictures

\`npm run bench:stylize -- --write\` drew all pictures here and measured what follows: scenes for contents, patterns for styles. Critic (${steps} steps) and decoder
(${stylizerSteps} steps) were trained on ${scenes} scenes and ${kinds.length * patternsOfKind} patterns of ${kinds.length} kinds, ${size} x ${size} pixels; scenes and patterns below are others, and no
${unseen.join(' and no ')} were among them (the columns that show such). Contents are in the first column, styles in the first line:

![Scenes in the styles of patterns](images/stylize-gallery.png)

A content, a style, and from there: alpha 0, 0.5 and 1; with its own colours by histogram and by covariance; Gatys' optimisation:

![Ways to mix a content and a style](images/stylize-ways.png)

What the encoder sees is what becomes the style's: colours, contrasts and fine patterns. Two layers see ten pixels at most, so that no shape of a style is taken over: that takes deeper layers of larger
networks. Gatys' optimisation leaves dots, which so small an encoder hardly sees; the decoder has learnt from pictures, and makes smoother ones.
Each channel is adapted by itself, so that colours appear at strong edges that neither image has.

## Losses and seconds

Means over ${contents * (kinds.length + unseen.length)} pairs of a content and a style, both never trained on, of the images as they are written; equations of Huang and Belongie (content, style: what the
decoder is trained on) and of Gatys et al. (features, Gram), each as a mean square. Median seconds of an image, in which building the networks for its size is, on ${machine}, one thread:

${markdownTable(['image', 'content loss', 'style loss', 'features', 'Gram', 'seconds'], took.rows.map(cellsOf))}

${describeNearer(took.rows)}

Training took ${Math.round(took.seconds)} s of CPU, the decoder ${Math.round(took.decoderSeconds)} s of it.
`;
}

/** By which losses the last row, Gatys' optimisation, is nearer than the trained decoder. */
function describeNearer(rows: readonly MeasuredRow[]): string {
  const [decoder, gatys] = [rows.find(({ title }) => title === TRAINED)!, rows.at(-1)!];
  const named = { content: 'content loss', style: 'style loss', contentFeatures: 'features', gram: 'Gram' } as const;
  const nearer = Object.entries(named).filter(([key]) => {
    const loss = key as keyof typeof named;
    return gatys.losses[loss] < decoder.losses[loss];
  });
  const by = nearer.length === 0 ? 'none of these' : nearer.map(([, name]) => name).join(', ');
  const times = Math.round(gatys.seconds / decoder.seconds);
  return `${gatys.title}, takes ${times} times as long as the decoder and is nearer by ${by}.`;
}

/** Title of the row that the others are compared with. */
export const TRAINED = 'trained decoder';

const cellsOf = ({ title, losses, seconds }: MeasuredRow): string[] => [
  title,
  ...[losses.content, losses.style, losses.contentFeatures, losses.gram].map((loss) => loss.toFixed(4)),
  seconds === 0 ? '-' : seconds.toFixed(3),
];

const HOW_TO = `# An image in another one's style

\`\`\`sh
npm run train   -- --data pictures/ --image-column image --critic-only --image-size 64 --stylizer --style-data patterns/ --out models/pictures
npm run stylize -- --model models/pictures --content a.png --style b.jpg --out a-as-b.png
npm run stylize -- --model models/pictures --content a.png --style b.jpg --out half.png --alpha 0.5
npm run stylize -- --model models/pictures --content a.png --style b.jpg --out kept.png --match-colours histogram
npm run stylize -- --model models/pictures --content a.png --style b.jpg --out slow.png --method gatys --size 128
\`\`\`

\`--stylizer\` trains a decoder behind the first layers of the detecting critic; the critic stays as it is, byte for byte
([decision 0032](decisions/0032-a-decoder-behind-the-critics-layers.md)). Contents are the training images, styles those of \`--style-data\`, or the training images as well.

\`stylize\` encodes content c and style s by these layers f, and gives each channel of f(c) the mean and the deviation that it has in f(s)
(adaptive instance normalisation, Huang and Belongie 2017, equation 8); the decoder makes an image of that, in one pass, for any style. Channels of a content that are even have no deviation to
be changed, and take the mean alone. Nothing is random: the same model, images and settings give the same file.

- \`--alpha\` goes from the content as encoder and decoder pass it on (0) to all of the style (1).
- \`--match-colours\` gives the style the content's colours first, so that these are kept (Gatys et al. 2016): \`histogram\` each colour by itself, \`covariance\` all of them by a linear map.
- \`--method gatys\` is the slow reference: the pixels themselves are optimised until the encoder sees the content's features and the style's Gram matrices (Gatys et al. 2015).
- \`--json\` has the losses of the image as it was written, beside those of the content as it came: \`content\` and \`style\` are what the decoder is trained on
  (equations 12 and 13, as mean squares), \`contentFeatures\` and \`gram\` what Gatys' method minimises.

Images are read as [everywhere](images.md#what-becomes-of-an-image), but keep their size: any up to 2 million pixels, of which each takes half a kilobyte of memory (1.2 GB for the largest); for \`--method gatys\` 65,536.
\`--size\` shrinks larger ones. Where height or width are no multiple of 4 (the encoder halves twice), the border is repeated at the bottom and on the right, and cut off again. A model of grey images makes grey ones.
`;
