import { nameList, onOff, oneOf, realNumber, share, text, wholeNumber } from '../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../base/settings.ts';
import { SCORE_CHOICES } from '../models/families/family.ts';
import { DEFAULT_FAMILY, FAMILIES } from '../models/families/index.ts';
import { DEVICE_CHOICES } from '../runtime/executor.ts';
import { showData } from '../tables/download.ts';

const RECIPE = 'docs/decisions/0007';

/** Settings of a training run that no family owns. */
export const RUN_SETTINGS = defineSettings({
  data: {
    schema: nameList().refine((names) => names.length > 0, { error: 'at least one address is needed' }),
    flag: '--data <addresses>',
    list: true,
    shown: showData,
    help: 'Normal rows: Parquet, CSV or NDJSON files, globs, http(s) and s3 addresses, separated by commas.',
    group: 'Data',
  },
  fromModel: {
    schema: text().optional(),
    flag: '--from-model <folder>',
    help: 'Go on from this model with newer rows: its fields, pre-processing, settings and networks; the report compares both.',
    source: 'docs/drift.md',
    group: 'Data',
  },
  where: {
    schema: text().optional(),
    flag: '--where <condition>',
    help: 'Train only on rows that fulfil this SQL condition, for example "label = 0".',
    group: 'Data',
  },
  exclude: {
    schema: nameList(),
    default: [],
    flag: '--exclude <columns>',
    list: true,
    help: 'Columns to leave out, separated by commas.',
    group: 'Data',
  },
  schema: {
    schema: text().optional(),
    flag: '--schema <file>',
    help: 'JSON that corrects the inferred schema: {"fields": {"port": "category", "id": "exclude"}}.',
    group: 'Data',
  },
  memoryBudget: {
    schema: wholeNumber({ min: 1, max: 1_048_576 }),
    default: 512,
    flag: '--memory-budget <size>',
    unit: 'MiB',
    help: 'Memory for training rows; data larger than this are sampled, and the report says so. The process takes about twice as much, and 400 MiB.',
    group: 'Data',
  },
  numbers: {
    schema: oneOf(['auto', 'standard', 'signed-log']),
    default: 'auto',
    flag: '--numbers <scale>',
    help: 'Scale of numbers: standard, signed-log (for heavy tails), or auto: signed-log in a table with categories.',
    source: RECIPE,
    group: 'Data',
  },
  clip: {
    schema: realNumber({ min: 0.1 }).optional(),
    flag: '--clip <deviations>',
    unit: 'standard deviations',
    help: 'Where scaled numbers are clipped; when absent 20, or 10 for signed logs.',
    source: 'docs/decisions/0007 and 0011',
    group: 'Data',
  },
  out: {
    schema: text().optional(),
    flag: '--out <folder>',
    help: 'Folder of the model; models/NAME when absent.',
    group: 'Model',
  },
  name: {
    schema: text().optional(),
    flag: '--name <name>',
    help: 'Name of the model; the name of the first data file when absent.',
    group: 'Model',
  },
  replace: {
    schema: onOff(),
    default: false,
    flag: '--replace',
    help: 'Replace a model that is already at --out.',
    group: 'Model',
  },
  family: {
    schema: oneOf(Object.keys(FAMILIES) as [string, ...string[]]),
    default: DEFAULT_FAMILY,
    flag: '--family <name>',
    help: `Family of networks: ${Object.keys(FAMILIES).join(', ')}.`,
    group: 'Model',
  },
  preset: {
    schema: text().optional(),
    flag: '--preset <name>',
    help: "A named set of the family's settings (listed below); single flags go before it.",
    group: 'Model',
  },
  score: {
    schema: oneOf(SCORE_CHOICES),
    default: 'members',
    flag: '--score <critics>',
    help: "What critic.onnx scores by: members (the detecting critics), own (the family's critic), or both.",
    group: 'Model',
  },
  rate: {
    schema: share().optional(),
    flag: '--rate <share>',
    help: 'Share of normal rows that may be flagged; callers may change it. 0.01 when absent, or the smallest possible.',
    group: 'Calibration',
  },
  calibrationShare: {
    schema: share(),
    default: 0.2,
    flag: '--calibration-share <share>',
    help: 'Share of the rows that is held out to calibrate, at most 10,000 rows.',
    source: 'docs/decisions/0008',
    group: 'Calibration',
  },
  crossBelow: {
    schema: wholeNumber({ min: 0 }),
    default: 2000,
    flag: '--cross-below <rows>',
    unit: 'rows',
    help: 'With fewer rows than this, calibrate by folds, so that calibration costs no training data.',
    source: 'docs/decisions/0008',
    group: 'Calibration',
  },
  folds: {
    schema: wholeNumber({ min: 2, max: 100 }),
    default: 5,
    flag: '--folds <count>',
    help: 'Folds of cross-conformal calibration.',
    source: 'Vovk 2015',
    group: 'Calibration',
  },
  seed: {
    schema: wholeNumber({ min: 0 }),
    default: 1,
    flag: '--seed <number>',
    help: 'Seed of all randomness: the same seed, device, threads and steps give the same critic.onnx, byte for byte.',
    group: 'Run',
  },
  timeBudget: {
    schema: realNumber({ min: 1 }).optional(),
    flag: '--time-budget <seconds>',
    unit: 'seconds',
    help: 'Cut training after about so long, each network at its share; the result then depends on the speed of the machine.',
    group: 'Run',
  },
  device: {
    schema: oneOf(DEVICE_CHOICES),
    default: 'auto',
    flag: '--device <device>',
    env: 'ARISTARCH_DEVICE',
    help: 'auto, cpu, webgpu, cuda or tfjs; auto is CUDA where it works, else the CPU.',
    group: 'Run',
  },
  threads: {
    schema: wholeNumber({ min: 1, max: 1024 }),
    default: 1,
    flag: '--threads <count>',
    env: 'ARISTARCH_THREADS',
    help: 'Threads inside one operation; networks of the default size are fastest with one.',
    group: 'Run',
  },
  stepsPerCall: {
    schema: wholeNumber({ min: 1, max: 100_000 }),
    default: 25,
    flag: '--steps-per-call <count>',
    help: 'Training steps in one run of the compiled loop; between runs, progress is shown and interrupts are heard.',
    group: 'Run',
  },
  checkpointSeconds: {
    schema: realNumber({ min: 0, max: 86_400 }),
    default: 5,
    flag: '--checkpoint-seconds <seconds>',
    unit: 'seconds',
    help: 'Time between checkpoints: a run that is killed loses at most so much; 0 is after each call of the loop.',
    group: 'Run',
  },
  resume: {
    schema: onOff(),
    default: false,
    flag: '--resume',
    help: 'Go on from the checkpoint of a run that was cut (OUT.checkpoint); everything else must be as it was.',
    group: 'Run',
  },
  dryRun: {
    schema: onOff(),
    default: false,
    flag: '--dry-run',
    help: 'Print the resolved configuration and the inferred schema, and train nothing.',
    group: 'Run',
  },
});

export type RunValues = SettingValues<typeof RUN_SETTINGS>;
