import { AristarchError } from '../../base/errors.ts';
import { STYLIZER_FILE } from '../../models/artefact/layout.ts';
import type { Manifest } from '../../models/artefact/manifest.ts';
import { readArtefact } from '../../models/artefact/read.ts';
import type { Picture } from '../../models/images/picture.ts';
import { shrunkSize, toPlanarImage, type PlanarImage } from '../../models/images/planar-image.ts';
import { fromNetwork, paddedExtent, toNetwork } from '../../models/stylize/lay-out.ts';
import { COLOUR_MATCHES, type ColourMatch } from '../../models/stylize/match-colours.ts';
import { strideOf } from '../../models/stylize/networks.ts';
import { decodeStylizer } from '../../models/stylize/stylizer-file.ts';
import {
  lossName,
  measureGraph,
  STYLE_LOSSES,
  STYLIZE,
  stylizeGraph,
  type StyleLosses,
  type TrainedStylizer,
} from '../../models/stylize/stylizer-graphs.ts';
import type { DeviceChoice, Executor } from '../../runtime/executor.ts';
import { openExecutor } from '../../runtime/open-executor.ts';
import { optimisePixels } from './optimise-pixels.ts';
import { runOnce, type StyleMethod, type StyleWork } from './style-work.ts';

export interface StylizeOptions {
  readonly method: StyleMethod;
  readonly matchColours: ColourMatch;
  /** The longer side of content and style, in pixels: larger ones are shrunk first. */
  readonly size?: number | undefined;
}

export interface Stylized {
  readonly image: PlanarImage;
  /** Of the image as it is written, to the style as it was given to the encoder. */
  readonly losses: StyleLosses;
  /** Of the content as it came. */
  readonly lossesBefore: StyleLosses;
  /** What the image took, without reading files and without the losses. */
  readonly seconds: number;
}

/** Opens a model of images that was trained with --stylizer. */
export interface Stylizer {
  readonly description: Pick<Manifest, 'name' | 'version'> & { readonly device: string };
  stylize(content: Picture, style: Picture, options: StylizeOptions): Promise<Stylized>;
  close(): Promise<void>;
}

export interface OpenStylizerOptions {
  readonly device?: DeviceChoice;
  readonly threads?: number;
  readonly warn?: (message: string) => void;
}

/** Pixels of an image, at most: memory grows by half a kilobyte for each, and by more where pixels are optimised. */
const MOST_PIXELS = { adain: 2 ** 21, gatys: 2 ** 16 } as const;

/** Throws what `readArtefact` throws, and `PRECONDITION_FAILED` where the model was trained without a stylizer. */
export async function openStylizer(folder: string, options: OpenStylizerOptions = {}): Promise<Stylizer> {
  const { manifest, read } = await readArtefact(folder);
  const { name, version } = manifest;
  if (!Object.hasOwn(manifest.files, STYLIZER_FILE)) {
    const message = `model "${name}" has no ${STYLIZER_FILE}: train it again with --stylizer; its critic stays the same`;
    throw new AristarchError('PRECONDITION_FAILED', message, { model: name });
  }
  const trained = decodeStylizer(await read(STYLIZER_FILE));
  const { device = 'auto', threads = 1, warn = () => undefined } = options;
  const executor = await openExecutor({ device, threads, warn });
  return createStylizer(trained, executor, { name, version, device: executor.device });
}

/** A stylizer of what was learnt; closes the executor with itself. */
export function createStylizer(
  trained: TrainedStylizer,
  executor: Executor,
  description: Stylizer['description'],
): Stylizer {
  return {
    description,
    stylize: (content, style, options) => stylize(trained, executor, { content, style }, options),
    close: () => executor.close(),
  };
}

async function stylize(
  trained: TrainedStylizer,
  executor: Executor,
  pictures: { readonly content: Picture; readonly style: Picture },
  { method, matchColours, size = Infinity }: StylizeOptions,
): Promise<Stylized> {
  const { channels } = trained.shape;
  for (const [what, picture] of Object.entries(pictures)) checkSize(what, shrunkSize(picture, size), method.kind);
  const content = toPlanarImage(pictures.content, channels, size);
  const given = toPlanarImage(pictures.style, channels, size);
  const style = { ...given, planes: COLOUR_MATCHES[matchColours](given.planes, content.planes) };
  const stride = strideOf(trained.shape);
  const extents = { content: paddedExtent(content, stride), style: paddedExtent(style, stride) };
  for (const [what, [height, width]] of Object.entries(extents)) {
    checkSize(`${what}, padded to multiples of ${stride},`, { width, height }, method.kind);
  }
  const feeds = { content: toNetwork(content, extents.content), style: toNetwork(style, extents.style) };
  const startedAt = performance.now();
  const work = { trained, executor, extents, feeds };
  const made = await METHODS[method.kind](work, method as never); // each row takes its own kind; TypeScript cannot see that
  const seconds = (performance.now() - startedAt) / 1000;
  checkFinite(made, method.kind);
  const image = fromNetwork(made, extents.content, content);
  const losses = await measure(work, [image, content]);
  return { image, losses: losses[0]!, lossesBefore: losses[1]!, seconds };
}

/** Work -> the image, [1, channels, height, width] in -1 .. 1. */
const METHODS: {
  readonly [K in StyleMethod['kind']]: (
    work: StyleWork,
    method: Extract<StyleMethod, { kind: K }>,
  ) => Promise<Float32Array>;
} = {
  adain: async ({ trained, executor, extents, feeds }, { alpha }) => {
    const results = await runOnce(executor, stylizeGraph(trained, extents, alpha), feeds);
    return results[STYLIZE.image]!.data;
  },
  gatys: optimisePixels,
};

async function measure(
  { trained, executor, extents, feeds }: StyleWork,
  images: readonly PlanarImage[],
): Promise<StyleLosses[]> {
  const session = await executor.compile(measureGraph(trained, extents));
  try {
    const all: StyleLosses[] = [];
    for (const image of images) {
      const results = await session.run({ ...feeds, [STYLIZE.image]: toNetwork(image, extents.content) });
      const values = STYLE_LOSSES.map((loss) => [loss, results[lossName(loss)]!.data[0]!] as const);
      all.push(Object.fromEntries(values) as StyleLosses);
    }
    return all;
  } finally {
    await session.close();
  }
}

/** Throws what says whose fault it is: the optimisation's by its settings, or the networks' of a file. */
function checkFinite(values: Float32Array, kind: StyleMethod['kind']): void {
  if (values.every((value) => Number.isFinite(value))) return;
  if (kind === 'gatys')
    throw new AristarchError('TRAINING_DIVERGED', 'the pixels exploded: lower --pixel-rate or --style-weight');
  throw new AristarchError(
    'ARTEFACT_INVALID',
    `${STYLIZER_FILE} gives an image that is no numbers: train the model again with --stylizer`,
  );
}

/** Throws `RESOURCE_EXHAUSTED`. */
function checkSize(what: string, { width, height }: Omit<Picture, 'rgb'>, kind: StyleMethod['kind']): void {
  const most = MOST_PIXELS[kind];
  if (width * height <= most) return;
  const side = Math.floor(Math.sqrt(most));
  const message = `the ${what} has ${width} x ${height} pixels, and ${kind} takes at most ${most}: shrink it with --size ${side}`;
  throw new AristarchError('RESOURCE_EXHAUSTED', message, { width, height, most });
}
