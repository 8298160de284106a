import { Command } from 'commander';
import { emitJson, emitText, note, runAction, warn, type ActionContext } from '../base/command-line.ts';
import { createProgress } from '../base/progress.ts';
import { nameList, onOff, text, wholeNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings, type SettingValues } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { readArtefact } from '../models/artefact/read.ts';
import type { Table } from '../tables/table.ts';
import type { Detector } from './detector.ts';
import { evaluate, type Evaluation } from './evaluate.ts';
import { describeEvaluation } from './evaluation-text.ts';
import type { LabelRule } from './labels.ts';
import { openDetector } from './open-detector.ts';
import { createPeerRecorder, type PeerRecorder } from './peers/measure-peers.ts';
import { parseTrainingSource, type TrainingSource } from './peers/training-rows.ts';
import { openModelTable, TABLE_SETTINGS, toDetectorOptions } from './table-settings.ts';

export const EVALUATE_SETTINGS = defineSettings({
  ...TABLE_SETTINGS,
  label: { schema: text(), flag: '--label <column>', help: 'column that says which rows are anomalous' },
  normal: {
    schema: text().optional(),
    flag: '--normal <value>',
    help: "the label's normal value, all others being anomalous; 0, false and normal are known without it",
  },
  anomaly: {
    schema: text().optional(),
    flag: '--anomaly <value>',
    help: "the label's anomalous value, all others being normal",
  },
  peers: {
    schema: onOff(),
    default: true,
    flag: '--no-peers',
    help: 'leave out kNN and IsolationForest',
    group: 'Peers',
  },
  trainData: {
    schema: nameList().optional(),
    flag: '--train-data <addresses>',
    help: "normal rows for the peers; what the model's manifest names when absent",
    group: 'Peers',
  },
  trainWhere: {
    schema: text().optional(),
    flag: '--train-where <condition>',
    help: 'condition on the rows of --train-data',
    group: 'Peers',
  },
  peerRows: {
    schema: wholeNumber({ min: 10 }),
    default: 50_000,
    flag: '--peer-rows <count>',
    help: 'most training rows for the peers; kNN compares each test row with all of them',
    group: 'Peers',
  },
  python: {
    schema: text(),
    default: 'python3',
    flag: '--python <command>',
    env: 'ARISTARCH_PYTHON',
    help: 'Python with scikit-learn',
    group: 'Peers',
  },
});
type EvaluateValues = SettingValues<typeof EVALUATE_SETTINGS>;

const EXAMPLES = `
Prints AUROC, average precision (as scikit-learn defines it) and recall at 1 % false alarms (the share of anomalies above
a threshold that at most 1 % of these normal rows exceed), for the model and for peers on the same rows: the mean
distance to 5 nearest neighbours, and IsolationForest, each with numbers raw and by signed log. With --json they are
auroc, averagePrecision and recallAt1PercentFalseAlarms.

Examples:
  aristarch evaluate --model models/m --data test.parquet --label label
  aristarch evaluate --model models/m --data test.csv --label class --normal good --json`;

export function createEvaluateCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('evaluate')
    .description('Measure a model on labelled rows, beside kNN and IsolationForest.')
    .option('--json', 'write the figures as JSON to standard output');
  addOptions(command, EVALUATE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction(runEvaluate, terminal));
}

async function runEvaluate({ command, terminal, json }: ActionContext): Promise<void> {
  const values = resolveSettings(EVALUATE_SETTINGS, { flags: givenFlags(command), env: process.env });
  const detector = await openDetector(
    values.model,
    toDetectorOptions(values, (message) => note(terminal, message)),
  );
  try {
    const table = await openModelTable(values, detector);
    try {
      table.leftOut.forEach((message) => warn(terminal, message));
      const evaluation = await evaluateTable(values, detector, table, terminal);
      if (json) emitJson(terminal, { ...evaluation, warnings: table.leftOut });
      else emitText(terminal, describeEvaluation(evaluation));
    } finally {
      await table.close();
    }
  } finally {
    await detector.close();
  }
}

async function evaluateTable(
  values: EvaluateValues,
  detector: Detector,
  table: Table,
  terminal: Terminal,
): Promise<Evaluation> {
  const peers = await preparePeers(values, detector);
  const progress = createProgress(terminal, { label: 'scoring', unit: 'rows', total: table.rowCount });
  const onPeers = () => {
    progress.finish();
    note(terminal, `running kNN and IsolationForest on the same rows (${values.python})`);
  };
  const onRows = (done: number) => progress.update(done);
  try {
    return await evaluate({ detector, table, label: values.label, rule: toRule(values), peers, onRows, onPeers });
  } finally {
    progress.finish();
    if ('close' in peers) await peers.close();
  }
}

function toRule({ normal, anomaly }: EvaluateValues): LabelRule {
  return { ...(normal === undefined ? {} : { normal }), ...(anomaly === undefined ? {} : { anomaly }) };
}

async function preparePeers(values: EvaluateValues, detector: Detector): Promise<PeerRecorder | { absent: string }> {
  if (!values.peers) return { absent: 'left out by --no-peers' };
  const source = await findSource(values);
  if (source === undefined) return { absent: "the model's manifest names no training data; give --train-data" };
  return createPeerRecorder({
    source,
    named: values.trainData !== undefined,
    schema: detector.description.schema,
    maxRows: values.peerRows,
    python: values.python,
    memoryLimit: values.memory,
  });
}

async function findSource({ model, trainData, trainWhere }: EvaluateValues): Promise<TrainingSource | undefined> {
  const { manifest } = await readArtefact(model);
  const own = parseTrainingSource(manifest.training.config);
  if (trainData === undefined) return own;
  return { data: trainData, seed: own?.seed ?? 1, ...(trainWhere === undefined ? {} : { where: trainWhere }) };
}
