import { AristarchError } from '../../base/errors.ts';
import { createRandom } from '../../base/philox.ts';
import { showCount } from '../../base/progress.ts';
import { checkArtefactTarget } from '../../models/artefact/write.ts';
import { openExecutor } from '../../runtime/open-executor.ts';
import { showData } from '../../tables/download.ts';
import { clearIfHopeless, openCheckpoint } from '../checkpoint.ts';
import type { TrainResult } from '../export-model.ts';
import { createJournal } from '../journal.ts';
import { modelPlace } from '../prepare-data.ts';
import type { TrainHooks } from '../train.ts';
import type { ImageTrainConfig } from './config.ts';
import { roomHere, threadUse } from './critics-at-once.ts';
import { exportImages } from './export-images.ts';
import { fitGame, type PhaseHook } from './fit-game.ts';
import { fitDetector } from './fit-detector.ts';
import { packImages } from './fit-images.ts';
import { fitStylizer } from './fit-stylizer.ts';
import { createJudge } from './judge-critics.ts';
import { identityOfImages, planImageRun } from './plan-images.ts';
import type { PreparedImages } from './prepare-images.ts';

/**
 * Reads normal images, trains the detecting critic and calibrates it, plays the family's game where it has one, judges both critics, and writes the model's
 * folder, as `trainModel` does for rows: a run that ends early leaves its checkpoint, from which --resume goes on to the same bytes.
 */
export async function trainImages(
  given: ImageTrainConfig,
  hooks: TrainHooks,
  onPhase?: PhaseHook,
): Promise<TrainResult> {
  const startedAt = hooks.seconds();
  const { run, family } = given;
  const place = modelPlace({ run: { ...run, target: undefined } });
  await checkArtefactTarget(place.out, { replace: run.replace });
  hooks.note(`reading ${showData(run.data).join(', ')}`);
  const plan = await planImageRun(given);
  const { config, images, split } = plan;
  const warnings = [...plan.warnings];
  warnings.forEach(hooks.warn);
  const warnAndKeep = (message: string): void => {
    warnings.push(message);
    hooks.warn(message);
  };
  const executor = await openExecutor({ device: run.device, threads: run.threads, warn: hooks.note, work: plan.work });
  try {
    if (hooks.signal.aborted) throw new AristarchError('CANCELLED', 'stopped before training began');
    const identity = identityOfImages(config, plan, executor.description);
    const start = { resume: run.resume, warn: hooks.warn };
    const checkpoint = await openCheckpoint(`${place.out}.checkpoint`, identity, start);
    const { image } = images.schema;
    const use = threadUse(config, plan, roomHere(executor.device));
    const outline = plan.outlineFor(use.atOnce);
    hooks.note(
      `training ${family.name} on ${describeImages(images)}: ${showCount(outline.updates)} steps, ${executor.description}`,
    );
    const journal = createJournal({
      ...{ outline, checkpoint, signal: hooks.signal, now: hooks.seconds, timeBudgetSeconds: run.timeBudget },
      secondsBetweenCheckpoints: run.checkpointSeconds,
      onUpdates: (done, remark) => hooks.onUpdates(done, outline.updates, remark),
      ...{ onRollback: warnAndKeep, onCut: warnAndKeep },
    });
    const shared = { executor, image, random: createRandom(run.seed), stepsPerCall: run.stepsPerCall, journal };
    const trained = await clearIfHopeless(checkpoint, async () => {
      const judge = plan.game && createJudge({ ...shared, split, rows: images.rows, warn: warnAndKeep });
      const detector = await fitDetector(config, plan, shared, use, judge?.detecting);
      const stylizer =
        plan.stylizer && (await fitStylizer({ ...shared, plan: plan.stylizer, critic: detector.critic }));
      const rows = packImages({ rows: images.rows, image }, split.final);
      const labels = images.labels && Float32Array.from(split.final, (row) => images.labels!.places[row]!);
      const played = { rows, labels, seconds: hooks.seconds, onPhase };
      const game = plan.game && (await fitGame({ ...shared, ...played, plan: plan.game }));
      const critics = game && (await judge!.own(game, detector.critic.plan));
      return { ...detector, stylizer, game, critics };
    });
    const result = await exportImages({
      ...{ config, plan, place, trained, warnings, executor, createdAt: hooks.now() },
      ...{ seconds: hooks.seconds() - startedAt, peakBytes: hooks.peakBytes },
    });
    await checkpoint.finish();
    return result;
  } finally {
    await executor.close();
  }
}

function describeImages({ count, countInSource, schema: { image } }: PreparedImages): string {
  const isSampled = count < countInSource;
  const counts = isSampled ? `${showCount(count)} of ${showCount(countInSource)}` : showCount(count);
  const size = `${image.size} x ${image.size} x ${image.channels}`;
  return `${counts} images of ${size}${isSampled ? ' (a seeded sample)' : ''}`;
}
