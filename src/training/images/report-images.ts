import { drawGrid } from '../../models/images/grid.ts';
import { shrinkRows } from '../../models/images/shrink.ts';
import { showData } from '../../tables/download.ts';
import { configRows } from '../report-input.ts';
import { formatNumber } from '../report/format.ts';
import type { NetworkCurves, Picture, ReportInput } from '../report/input.ts';
import type { ExportImagesOptions, ImageManifest } from './export-images.ts';
import type { FittedGame, FittedPhase } from './fit-game.ts';
import { packImages, type FittedImageCritic } from './fit-images.ts';
import type { FittedStylizer } from './fit-stylizer.ts';
import { paceOf } from './pace.ts';
import { SHOWN_SIZE } from './phase-pictures.ts';

const WORST_IMAGES = 10;
/** Height and width that they are shown at, at most. */
const MOST_SIZE = 256;

/** Everything that the report of a run on images shows. */
export function toImageReport(options: ExportImagesOptions, manifest: ImageManifest, peakBytes: number): ReportInput {
  const { config, plan, trained, warnings, seconds } = options;
  const { calibration, training } = manifest;
  const { images } = plan;
  return {
    meta: {
      ...{ name: manifest.name, version: manifest.version, family: manifest.family, preset: config.preset },
      ...{ createdAt: manifest.createdAt, sources: showData(config.run.data), trainingSeconds: seconds, peakBytes },
      ...{ rows: training.rows, rowsInSource: training.rowsInSource, calibrationMethod: calibration.method },
      ...{ device: training.device, seed: config.run.seed },
      ...(trained.game && { pace: paceOf(trained.game.phases) }),
    },
    image: { ...images.schema.image, isMirrored: plan.isMirrored },
    ...(trained.critics && { critics: trained.critics }),
    pictures: [...worstImages(options), ...(trained.game?.phases ?? []).flatMap(toPicture)],
    curves: [
      taskCurves(trained.critic),
      ...(trained.stylizer ? [taskCurves(trained.stylizer)] : []),
      ...(trained.game ? [gameCurves(trained.game)] : []),
    ],
    calibrationScores: calibration.scores,
    falsePositiveRate: calibration.falsePositiveRate,
    ...{ groups: [], features: [], excluded: [], worstRows: [], warnings },
    ...(images.count < images.countInSource && {
      sampling: { memoryBudgetBytes: config.run.memoryBudget * 2 ** 20, seed: config.run.seed },
    }),
    config: configRows({ ...config, values: { ...config.values, ...config.stylizer } }),
    libraries: manifest.libraries,
  };
}

/** The held-out images that score highest, worst first. */
function worstImages({ plan: { images }, trained: { heldOut } }: ExportImagesOptions): Picture[] {
  const { image } = images.schema;
  const worst = heldOut.slice(-WORST_IMAGES).reverse();
  const rows = packImages(
    { rows: images.rows, image },
    Uint32Array.from(worst, ({ row }) => row),
  );
  const shown = { ...image, size: Math.min(image.size, MOST_SIZE) };
  const scale = Math.max(1, Math.round(SHOWN_SIZE / image.size));
  return [
    {
      title: 'The most anomalous of the held-out images, worst first',
      note: 'Look at these before you trust the model: if they are anomalies, the data were not normal.',
      png: drawGrid(shrinkRows(rows, image, shown.size), shown, { columns: WORST_IMAGES, scale }),
    },
  ];
}

/** What a phase's generator made, if the phase is shown. The pace is that of this process, which may have resumed the phase. */
export function toPicture(fitted: FittedPhase): Picture[] {
  const { phase, picture } = fitted;
  if (picture === null) return [];
  const { images, imagesPerSecond } = paceOf([fitted]);
  const pace = imagesPerSecond === null ? '' : `, ${formatNumber(imagesPerSecond)} images a second`;
  return [
    {
      title: `Generated, ${phase.size} x ${phase.size}, ${describePart(phase.name)}`,
      note: `After ${images} images of this phase${pace}; the same noise after each phase.`,
      png: picture,
    },
  ];
}

/** Of "8-fade", "8-settle" and "32-2", in words. */
function describePart(name: string): string {
  const part = name.slice(name.indexOf('-') + 1);
  return { fade: 'faded in', settle: 'settled' }[part] ?? `part ${part}`;
}

function taskCurves({ plan, progress }: Pick<FittedImageCritic | FittedStylizer, 'plan' | 'progress'>): NetworkCurves {
  return {
    network: plan.task.title,
    series: Object.entries(progress.history).map(([name, values]) => ({
      ...{ name, values, steps: values.map((_, index) => (index + 1) * plan.task.updatesPerStep) },
    })),
    rollbacks: progress.rollbacks,
  };
}

/** The phases one after the other, by updates of the own critic. */
function gameCurves({ plan, phases }: FittedGame): NetworkCurves {
  const series = new Map<string, { steps: number[]; values: number[] }>();
  const rollbacks: { step: number; reason: string }[] = [];
  let before = 0;
  for (const { history, rollbacks: ofPhase, stepsDone, updatesPerStep } of phases) {
    for (const [name, values] of Object.entries(history)) {
      const whole = series.get(name) ?? { steps: [], values: [] };
      series.set(name, whole);
      values.forEach((value, index) => {
        whole.steps.push(before + (index + 1) * updatesPerStep);
        whole.values.push(value);
      });
    }
    rollbacks.push(...ofPhase.map(({ step, reason }) => ({ step: before + step * updatesPerStep, reason })));
    before += stepsDone * updatesPerStep;
  }
  return { network: plan.title, series: [...series].map(([name, of]) => ({ name, ...of })), rollbacks };
}
