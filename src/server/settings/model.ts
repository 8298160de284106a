import { oneOf, share, text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';
import { DEVICE_CHOICES } from '../../runtime/executor.ts';
import { INFERENCE_MODES } from '../../scoring/inference/inference.ts';

/** Settings of what is served, and of how much of it one request may ask for. */
export const MODEL_SETTINGS = defineSettings({
  model: {
    schema: text().optional(),
    flag: '--model <folder>',
    env: 'ARISTARCH_MODEL',
    help: 'folder of the trained model; for many of them, --models',
    group: 'Model',
  },
  modelName: {
    schema: text().optional(),
    flag: '--model-name <name>',
    env: 'ARISTARCH_MODEL_NAME',
    help: "name under which the model is served; the artefact's own when absent",
    group: 'Model',
  },
  falsePositiveRate: {
    schema: share().optional(),
    flag: '--false-positive-rate <share>',
    env: 'ARISTARCH_FALSE_POSITIVE_RATE',
    help: "share of normal rows that may be flagged, for requests that state none; the model's own when absent",
    group: 'Model',
  },
  device: {
    schema: oneOf(DEVICE_CHOICES),
    default: 'auto',
    flag: '--device <device>',
    env: 'ARISTARCH_DEVICE',
    help: 'auto, cpu, webgpu, cuda or tfjs',
    group: 'Model',
  },
  threads: {
    schema: wholeNumber({ min: 1, max: 1024 }),
    default: 1,
    flag: '--threads <count>',
    env: 'ARISTARCH_THREADS',
    help: 'threads of one inference on the CPU; small models are fastest with one',
    group: 'Model',
  },
  inference: {
    schema: oneOf(INFERENCE_MODES),
    default: 'auto',
    flag: '--inference <mode>',
    env: 'ARISTARCH_INFERENCE',
    help: 'where inferences are computed: inline on the thread that answers calls, in a worker thread beside it, or auto: by what they cost, measured when a model is opened (docs/inference.md)',
    source: 'docs/decisions/0031',
    group: 'Model',
  },
  imageFolder: {
    schema: text().optional(),
    flag: '--image-folder <folder>',
    env: 'ARISTARCH_IMAGE_FOLDER',
    help: 'folder whose images records may name, as "file:line-3/0017.png"; without it only bytes are taken',
    group: 'Model',
  },
  maxRows: {
    schema: wholeNumber({ min: 1 }),
    default: 65_536,
    flag: '--max-rows <count>',
    env: 'ARISTARCH_MAX_ROWS',
    help: 'most rows in one request',
    unit: 'rows',
    group: 'Model',
  },
  maxExplainRows: {
    schema: wholeNumber({ min: 1 }),
    default: 256,
    flag: '--max-explain-rows <count>',
    env: 'ARISTARCH_MAX_EXPLAIN_ROWS',
    help: 'most rows in a request that asks for explanations, and most events of a Kafka batch that get one; each takes milliseconds, in which nothing else is scored',
    unit: 'rows',
    group: 'Model',
  },
  maxSampleRows: {
    schema: wholeNumber({ min: 1 }),
    default: 1_000_000,
    flag: '--max-sample-rows <count>',
    env: 'ARISTARCH_MAX_SAMPLE_ROWS',
    help: 'most rows that one request may have made up (rpc Sample)',
    unit: 'rows',
    group: 'Model',
  },
});
