import { join } from 'node:path';
import { z } from 'zod';
import { createRandom } from '../../src/base/philox.ts';
import type { Manifest } from '../../src/models/artefact/manifest.ts';
import { conditionGroups } from '../../src/models/features/condition-groups.ts';
import { rowWidth } from '../../src/models/features/schema.ts';
import { ROWS_INPUT, SCORES_OUTPUT, scoringGraph } from '../../src/models/scoring-graph.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { createRowCalibration, groupOfRow } from '../../src/scoring/group-calibration.ts';
import { groupScores } from '../../src/training/calibration-groups.ts';
import { fitModel } from '../../src/training/fit/fit-model.ts';
import { packRows } from '../../src/training/fit/rows.ts';
import { splitRows, type Split } from '../../src/training/fit/split.ts';
import { prepareData } from '../../src/training/prepare-data.ts';
import { splitOptions } from '../../src/training/train.ts';
import { benchConfig, fitOptions } from '../support/detector.ts';
import { DATA_FOLDER } from '../support/open-sets.ts';
import { falseAlarmBand } from '../../src/scoring/false-alarm-band.ts';

/** NSL-KDD's normal rows, each judged given its protocol. */
const CONDITION = 'protocol_type';
export const GROUP_RATES = [0.05, 0.1] as const;
const LEVEL = 0.95;

const cellSchema = z.object({
  rate: z.number(),
  /** Alarms of the group's own calibration, and of one calibration of all held-out rows. */
  own: z.number(),
  pooled: z.number(),
  /** Counts between which the group's own alarms lie with probability 0.95. */
  low: z.number(),
  high: z.number(),
});
export const groupRunSchema = z.object({
  seed: z.number(),
  group: z.string(),
  calibrationRows: z.number(),
  freshRows: z.number(),
  cells: z.array(cellSchema),
});
/** One group and seed: false alarms on fresh normal rows. */
export type GroupRun = z.infer<typeof groupRunSchema>;

/** Trains on a random half of the normal rows as `train --condition` does, and shows the other half, group by group. */
export async function measureGroups(executor: Executor, seed: number): Promise<GroupRun[]> {
  const data = [join(DATA_FOLDER, 'nsl-kdd', 'normal.parquet')];
  const config = benchConfig({
    generator: false,
    data,
    condition: [CONDITION],

    rate: GROUP_RATES[0],
  });
  const { schema, table } = await prepareData(config);
  const order = createRandom(seed)
    .stream('halves')
    .permutation(table.shape[0] ?? 0);
  const half = Math.floor(order.length / 2);
  const groups = conditionGroups(schema)!;
  const groupOf = (place: number): string => groups.keyOf(table.data, order[place]!);
  const split = splitRows(half, createRandom(seed), { ...splitOptions(config), groupOf });
  const options = fitOptions(executor, config, schema, seed);
  const fit = { ...options, planFold: options.plan, split: takePlaces(split, order), score: config.run.score };
  const model = await fitModel(fit, table);
  const held = model.calibration.scores;
  const calibration: Manifest['calibration'] = {
    ...{ method: split.method, falsePositiveRate: GROUP_RATES[0], scores: held.map(({ score }) => score) },
    groups: groupScores(schema, table, held, GROUP_RATES[0])!.groups,
  };
  const fresh = packRows({ matrix: table, chosen: order.subarray(half) });
  const session = await executor.compile(scoringGraph(rowWidth(schema), model.transform, model.scoring));
  const scores = (await session.run({ [ROWS_INPUT]: fresh }))[SCORES_OUTPUT]!.data;
  await session.close();
  const features = schema as Manifest['features'];
  return countAlarms(createRowCalibration({ calibration, features }), fresh.data, scores, seed);
}

/** A split of places in `order`, as one of rows. */
function takePlaces({ final, rounds, method }: Split, order: Uint32Array): Split {
  const rows = (places: Uint32Array): Uint32Array => places.map((place) => order[place]!);
  const taken = rounds.map(({ name, train, heldOut }) => ({
    name,
    train: train && rows(train),
    heldOut: rows(heldOut),
  }));
  return { method, final: rows(final), rounds: taken };
}

function countAlarms(
  calibration: ReturnType<typeof createRowCalibration>,
  rows: Float32Array,
  scores: Float32Array,
  seed: number,
): GroupRun[] {
  return calibration.groups.map(({ name, calibration: { count } }) => {
    const { groups } = calibration.judge(rows, scores, GROUP_RATES[0]);
    const own = [...scores.keys()].filter((row) => groupOfRow(groups!, row).group === name);
    const cells = GROUP_RATES.map((rate) => {
      const { verdicts, threshold } = calibration.judge(rows, scores, rate);
      const band = falseAlarmBand({ calibrationRows: count, freshRows: own.length, rate }, LEVEL)!;
      return {
        ...{ rate, low: band.low, high: band.high },
        own: own.filter((row) => verdicts[row] === 1).length,
        pooled: own.filter((row) => scores[row]! > threshold).length,
      };
    });
    return { seed, group: name, calibrationRows: count, freshRows: own.length, cells };
  });
}
