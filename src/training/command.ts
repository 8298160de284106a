import { Command } from 'commander';
import { alignColumns, emitJson, emitText, note, runAction, warn, type ActionContext } from '../base/command-line.ts';
import { ENDING_SIGNALS, mayBeImpatient } from '../base/ending-signals.ts';
import { peakBytes } from '../base/peak-memory.ts';
import { createProgress, showCount, showSeconds, type Progress } from '../base/progress.ts';
import { addOptions, printableSettings } from '../base/settings.ts';
import { showRate } from '../base/show-rate.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { checkArtefactTarget } from '../models/artefact/write.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import { FAMILIES, IMAGE_FAMILIES } from '../models/families/index.ts';
import { readTrainConfig, type TrainConfig } from './config.ts';
import type { TrainResult } from './export-model.ts';
import { familyOptions } from './family-options.ts';
import { modelPlace } from './prepare-data.ts';
import { RUN_SETTINGS } from './run-settings.ts';
import { readImageConfig, type ImageTrainConfig } from './images/config.ts';
import { planImageRun } from './images/plan-images.ts';
import { IMAGE_FLAGS, STYLIZER_SETTINGS } from './images/settings.ts';
import type { JudgedCritics } from './images/judge-critics.ts';
import { describePace } from './images/pace.ts';
import { trainImages } from './images/train-images.ts';
import { formatBytes } from './report/format.ts';
import { planRun, prepareRun, trainModel, type TrainHooks } from './train.ts';
import { meanOf, type SourceComparison } from './translate/compare-sources.ts';
import type { PreparedSources } from './translate/read-sources.ts';
import { prepareTranslation } from './translate/run-translation.ts';

const EXAMPLES = `
Examples:
  aristarch train --data normal.parquet
  aristarch train --data "logs/day-*.csv" --where "status = 'ok'" --exclude id,label --out models/web --time-budget 60
  aristarch train --data normal.parquet --condition machine_type,site   what is normal for each type and site
  aristarch train --data normal.parquet --dry-run           what would be trained, and on which columns
  aristarch train --data normal.parquet --preset gulrajani  the paper's own setting
  aristarch train --family radialgan --source ulm=a.parquet --source brest=b.parquet --target ulm --condition label --where "label = 0"
  aristarch train --data good-parts/ --image-column image --critic-only   a folder of PNG, JPEG and WebP files
  aristarch train --data good-parts/ --family stylegan --time-budget 3600  the same critic, and a generator of such images
  aristarch train --data pictures/ --image-column image --critic-only --stylizer  and a decoder, for stylize
  aristarch train --from-model models/web --data newer.parquet --out models/web-2 --steps 300

Ctrl-C writes a checkpoint; the same command with --resume goes on from it, to the same bytes.
The folder of the model holds critic.onnx, explain.onnx, generator.onnx, weights.bin, manifest.json and report.html.
`;

export function createTrainCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('train')
    .description('Train a critic on normal rows, calibrate it, and write a model that can be served.')
    .option('--config <file>', 'JSON file of settings; flags and environment go before it')
    .option('--json', 'write the result as JSON to standard output');
  addOptions(command, RUN_SETTINGS);
  addOptions(command, { ...IMAGE_FLAGS, ...STYLIZER_SETTINGS });
  addOptions(command, familyOptions([...Object.values(FAMILIES), ...Object.values(IMAGE_FAMILIES)]));
  command.addHelpText('after', describeFamilies() + EXAMPLES);
  return command.action(runAction(runTrain, terminal));
}

async function runTrain({ command, terminal, json }: ActionContext): Promise<void> {
  const images = await readImageConfig(command, process.env);
  const config = images ? undefined : await readTrainConfig(command, process.env);
  if ((images ?? config!).run.dryRun) {
    await (images ? dryRunImages(images, terminal, json) : dryRun(config!, terminal, json));
    return;
  }
  const interrupt = new AbortController();
  const stop = (signal: string): void => {
    // The next one ends the process, whatever its threads compute.
    if (mayBeImpatient(signal)) for (const name of ENDING_SIGNALS.filter(mayBeImpatient)) process.off(name, stop);
    if (interrupt.signal.aborted) return;
    note(terminal, 'stopping after the current steps; press Ctrl-C again to stop at once');
    interrupt.abort();
  };
  for (const signal of ENDING_SIGNALS) process.on(signal, stop);
  try {
    const result = await showProgress(terminal, interrupt.signal, (hooks) =>
      images ? trainImages(images, hooks) : trainModel(config!, hooks),
    );
    if (json) emitJson(terminal, result);
    else emitText(terminal, images ? describeImageResult(result, images.run.mirrored) : describeResult(result));
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, stop);
  }
}

/** Trains with a progress bar on standard error. */
export const runWithProgress = (config: TrainConfig, terminal: Terminal, signal: AbortSignal): Promise<TrainResult> =>
  showProgress(terminal, signal, (hooks) => trainModel(config, hooks));

async function showProgress(
  terminal: Terminal,
  signal: AbortSignal,
  train: (hooks: TrainHooks) => Promise<TrainResult>,
): Promise<TrainResult> {
  let progress: Progress | undefined;
  try {
    return await train({
      note: (message) => note(terminal, message),
      warn: (message) => (progress ? progress.log(`warning: ${message}`) : warn(terminal, message)),
      onUpdates: (done, total, remark) => {
        progress ??= createProgress(terminal, { label: 'training', unit: 'steps', total });
        progress.update(done, remark);
      },
      signal,
      now: () => new Date(),
      seconds: () => performance.now() / 1000,
      peakBytes,
    });
  } finally {
    progress?.finish();
  }
}

/** Everything that a run would check before it trains, and what it would train. */
async function dryRun(given: TrainConfig, terminal: Terminal, json: boolean): Promise<void> {
  await checkArtefactTarget(modelPlace(given).out, { replace: given.run.replace });
  const { data } = await prepareRun(given);
  const { config, sources } = await prepareTranslation(given, data.rows.count);
  const { settings, run, values, preset } = config;
  const { split, outline } = planRun(config, data);
  const { schema, rows, out } = data;
  const warnings = [...data.warnings, ...(sources?.warnings ?? [])];
  const resolved = { ...printableSettings(settings, { ...run, ...values }), preset, out };
  const plan = {
    rows: rows.count,
    rowsInSource: rows.rowsInSource,
    calibration: split.method,
    steps: outline.updates,
    ...(sources && { sources: sources.sources.map(describeSource) }),
  };
  if (json) {
    emitJson(terminal, { config: resolved, schema, ...plan, out, warnings });
    return;
  }
  warnings.forEach((message) => warn(terminal, message));
  const lines = Object.entries(resolved).map(([name, value]) => [`  ${name}: ${showValue(value)}`]);
  const counts = `${showCount(rows.count)} of ${showCount(rows.rowsInSource)} rows, calibration by ${split.method}`;
  const work = `${showCount(outline.updates)} steps of ${outline.tasks.length} networks`;
  const parts = ['Configuration', ...lines, '', `Schema (${counts}; ${work})`, showSchema(schema)];
  emitText(terminal, [...parts, ...(sources ? ['', 'Sources', showSources(sources)] : [])].join('\n'));
}

/** As `dryRun`, of images. */
async function dryRunImages(given: ImageTrainConfig, terminal: Terminal, json: boolean): Promise<void> {
  const { run } = given;
  const { out } = modelPlace({ run: { ...run, target: undefined } });
  await checkArtefactTarget(out, { replace: run.replace });
  const { config, images, warnings, split, outlineFor, game } = await planImageRun(given);
  const { settings, values, stylizer } = config;
  const outline = outlineFor(1);
  const resolved = { ...printableSettings(settings, { ...run, ...values, ...stylizer }), out };
  const phases = (game?.phases ?? []).map(({ name, images: shown }) => ({ name, images: shown }));
  const { image } = images.schema;
  const plan = {
    rows: images.count,
    rowsInSource: images.countInSource,
    calibration: split.method,
    steps: outline.updates,
  };
  if (json) {
    emitJson(terminal, { config: resolved, image, ...plan, phases, out, warnings });
    return;
  }
  warnings.forEach((message) => warn(terminal, message));
  const lines = Object.entries(resolved).map(([name, value]) => `  ${name}: ${showValue(value)}`);
  const counts = `${showCount(images.count)} of ${showCount(images.countInSource)} images of ${image.size} x ${image.size} x ${image.channels}`;
  const work = `${showCount(outline.updates)} steps of ${outline.tasks.length} tasks, calibration by ${split.method}`;
  const shown = phases.map((phase) => [`  ${phase.name}`, `${showCount(phase.images)} images`]);
  const parts = ['Configuration', ...lines, '', `${counts}; ${work}`];
  emitText(terminal, [...parts, ...(shown.length > 0 ? ['', 'Phases', alignColumns(shown)] : [])].join('\n'));
}

const describeSource = ({ name, rows, schema: { fields } }: PreparedSources['sources'][number]) => {
  return { name, rows: rows.shape[0] ?? 0, fields: fields.map((field) => field.name) };
};

function showSources({ sources, target }: PreparedSources): string {
  const rows = sources.map(describeSource).map(({ name, rows: count, fields }) => {
    return [`  ${name}${name === target ? ' (target)' : ''}`, `${showCount(count)} rows`, fields.join(', ')];
  });
  return alignColumns(rows);
}

const showValue = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

function showSchema({ fields, excluded }: FeatureSchema): string {
  const rows = fields.map((field) => {
    const levels = field.kind === 'category' ? `${field.levels.length} levels` : '';
    const remarks = [field.condition ? 'a condition' : '', field.missing ? 'with missing values' : ''];
    return [`  ${field.name}`, field.kind, levels, remarks.filter((each) => each !== '').join(', ')];
  });
  const left = excluded.map(({ name, reason }) => `  ${name}: left out, ${reason}`);
  return [alignColumns(rows), ...left].join('\n');
}

function describeResult(result: TrainResult): string {
  const { calibration, excluded } = result;
  const left = excluded.map(({ name, reason }) => `  left out: ${name} (${reason})`);
  return [
    describeTrained(result),
    `  ${showCount(result.rows)} rows, ${result.fields} fields, ${result.family} (${result.preset})`,
    ...left,
    `  calibrated on ${showCount(calibration.count)} held-out rows (${calibration.method}); ` +
      `${showRate(calibration.falsePositiveRate)} of normal rows will be flagged`,
    `  look at it:  ${result.model}/report.html`,
    `  score with:  npm run score -- --model ${result.model} --data new.parquet --out scored.parquet`,
    `  serve it:    npm run serve -- --model ${result.model}`,
    ...(result.sourceComparison ? [describeComparison(result.sourceComparison)] : []),
    ...result.translates.map(
      (source) =>
        `  translate:   npm run translate -- --model ${result.model} --from ${source} --data ${source}.parquet --out translated.parquet`,
    ),
  ].join('\n');
}

/** What is printed of a run on images that is done. */
export function describeImageResult(result: TrainResult, mirrored: ImageTrainConfig['run']['mirrored']): string {
  const { calibration, critics, generator, isMirrored } = result;
  const why = mirrored === 'auto' ? 'mirror images of the training images look as normal: ' : '';
  return [
    describeTrained(result),
    `  ${showCount(result.rows)} images, ${result.family} (${result.preset})`,
    `  calibrated on ${showCount(calibration.count)} held-out images (${calibration.method}); ` +
      `${showRate(calibration.falsePositiveRate)} of normal images will be flagged`,
    ...(isMirrored ? [`  ${why}an image scores as the mean of itself and its mirror image`] : []),
    ...(generator ? [`  the generator's own critic was shown ${describePace(generator)}`] : []),
    ...(critics ? [describeCritics(critics)] : []),
    `  look at it:  ${result.model}/report.html`,
    `  score with:  npm run score -- --model ${result.model} --data new-images --out scored.parquet`,
    `  serve it:    npm run serve -- --model ${result.model}`,
  ].join('\n');
}

const describeTrained = ({ name, version, model, seconds, peakBytes: most, device }: TrainResult): string =>
  `${name} ${version} is trained: ${model} (${showSeconds(seconds)}, at most ${formatBytes(most)} of memory, ${device})`;

/** Both critics of a run, as measured. */
export function describeCritics({ images, own, detecting, isShownToOwn }: JudgedCritics): string {
  const shown = isShownToOwn ? ', which that critic was trained on' : '';
  return (
    `  own critic, against generated images: AUROC ${own.toFixed(3)} on ${showCount(images)} held-out images${shown}, and a changed copy of each; ` +
    `detecting critic: ${detecting.toFixed(3)}`
  );
}

const DECIDED_BY: { readonly [D in SourceComparison['decidedBy']]: (comparison: SourceComparison) => string } = {
  madeUp: () => 'made-up ones',
  known: ({ known }) => `the ${known} that --where leaves out`,
};

/** The figures that the recommendation rests on. */
export function describeComparison(comparison: SourceComparison): string {
  const { variants, recommended, rows, decidedBy } = comparison;
  const figures = variants.map((each) => `${each.variant} ${meanOf(each[decidedBy]).toFixed(3)}`).join(', ');
  return `  ${rows} normal rows held out in turn, AUROC against ${DECIDED_BY[decidedBy](comparison)} by critics trained on rows: ${figures}; recommended: ${recommended}`;
}

function describeFamilies(): string {
  const lines = [...Object.values(FAMILIES), ...Object.values(IMAGE_FAMILIES)].flatMap(
    ({ name, summary, source, presets, defaultPreset }) => [
      `  ${name}: ${summary}`,
      `    ${source}`,
      ...Object.entries(presets).map(
        ([preset, each]) => `    --preset ${preset}${preset === defaultPreset ? ' (default)' : ''}: ${each.summary}`,
      ),
    ],
  );
  return ['', 'Families and presets:', ...lines, ''].join('\n');
}
