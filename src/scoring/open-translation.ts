import { AristarchError } from '../base/errors.ts';
import { createRandom } from '../base/philox.ts';
import { readInputWidths } from '../graph/onnx/read-inputs.ts';
import type { ColumnFingerprint, Manifest } from '../models/artefact/manifest.ts';
import { readArtefact, type Artefact } from '../models/artefact/read.ts';
import { rowWidth, type FeatureSchema } from '../models/features/schema.ts';
import type { Carried, ClassLevels } from '../models/radial/carried-classes.ts';
import { translateRows, type OpenTranslator } from '../models/radial/translate-rows.ts';
import type { Executor } from '../runtime/executor.ts';
import { openExecutor } from '../runtime/open-executor.ts';
import { sourceNamed } from '../tables/named-sources.ts';
import type { OpenDetectorOptions } from './detector.ts';

/** A model that translates rows of several sources into one of them. */
export interface Translation {
  readonly description: TranslationDescription;
  /**
   * Raw rows of a source [n, rowWidth] -> raw rows of the target; `classes` by their index. The same seed gives the same rows,
   * however they are cut: `firstRow`, their place among all, is a multiple of `TRANSLATED_BLOCK`.
   */
  translate(from: string, rows: Float32Array, options: TranslateRowsOptions): Promise<Float32Array>;
  close(): Promise<void>;
}

export interface TranslateRowsOptions {
  readonly seed: number;
  readonly firstRow: number;
  readonly classes: ArrayLike<number>;
}

export interface TranslationDescription {
  readonly name: string;
  readonly version: string;
  readonly device: string;
  readonly target: string;
  /** Columns of the target. */
  readonly schema: FeatureSchema;
  /** What the training rows of the target were like, column by column. */
  readonly trainingColumns: readonly ColumnFingerprint[];
  readonly carried: readonly Carried[];
  readonly classes: readonly ClassLevels[];
  /** Those that are translated from, each with its columns. */
  readonly sources: readonly { readonly name: string; readonly schema: FeatureSchema }[];
}

/**
 * Opens a model's folder for translation. Throws what `readArtefact` throws, `PRECONDITION_FAILED` where the model was trained
 * on one source, and `DEVICE_UNAVAILABLE` where the device cannot be used.
 */
export async function openTranslation(folder: string, options: OpenDetectorOptions = {}): Promise<Translation> {
  const artefact = await readArtefact(folder);
  const { manifest } = artefact;
  const { translation } = manifest;
  if (translation === undefined) throw notTranslating(manifest);
  const { device = 'auto', threads = 1, warn = () => undefined } = options;
  // Of networks that are opened one by one when they are needed: `auto` is the CPU.
  const executor = await openExecutor({ device, threads, warn });
  const open = createOpener(artefact, translation.sources, executor);
  return {
    description: describe(manifest, translation, executor),
    translate: async (from, data, { seed, firstRow, classes }) => {
      const source = sourceNamed(translation.sources, from, '--from');
      const width = rowWidth({ fields: source.fields, excluded: [] });
      const noise = createRandom(seed).stream('translate', from);
      const rows = { data, shape: [data.length / width, width] };
      return (await translateRows(await open(from), rows, { classes, noise, firstRow })).data;
    },
    close: () => executor.close(),
  };
}

type ManifestTranslation = NonNullable<Manifest['translation']>;

/** Opens each translator's file when it is first asked for. */
function createOpener(
  { read }: Artefact,
  sources: ManifestTranslation['sources'],
  executor: Executor,
): (from: string) => Promise<OpenTranslator> {
  const opened = new Map<string, Promise<OpenTranslator>>();
  const openFile = async (file: string): Promise<OpenTranslator> => {
    const onnx = await read(file);
    const session = await executor.load(onnx);
    return { run: (feeds) => session.run(feeds), widths: readInputWidths(onnx) };
  };
  return (from) => {
    const known = opened.get(from) ?? openFile(sourceNamed(sources, from, '--from').file);
    opened.set(from, known);
    return known;
  };
}

function describe(
  { name, version, fingerprint }: Manifest,
  { target, fields, carried, classes, sources }: ManifestTranslation,
  { description: device }: Executor,
): TranslationDescription {
  return {
    ...{ name, version, device, target, carried, classes },
    schema: { fields, excluded: [] },
    trainingColumns: fingerprint.columns,
    sources: sources.map((source) => ({ name: source.name, schema: { fields: source.fields, excluded: [] } })),
  };
}

function notTranslating({ name }: Manifest): AristarchError {
  const message = `model "${name}" was trained on one source and translates nothing: train it with --family radialgan, --source and --target`;
  return new AristarchError('PRECONDITION_FAILED', message, { model: name });
}
