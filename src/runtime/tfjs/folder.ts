import { join, resolve } from 'node:path';
import { HOME } from '../set-ups.ts';

/** Names another folder of what `npm run setup:tfjs` makes. */
export const TFJS_FOLDER_VARIABLE = 'ARISTARCH_TFJS';
/** The package of TF.js on TensorFlow's own library that `npm run setup:tfjs` builds; it runs on processors as well. */
export const TFJS_NATIVE = '@tensorflow/tfjs-node-gpu';

/** Where `npm run setup:tfjs` puts TensorFlow, and where it is looked for: $ARISTARCH_TFJS, else .cache/tfjs of the project. */
export function tfjsFolder(environment: NodeJS.ProcessEnv): string {
  const named = environment[TFJS_FOLDER_VARIABLE];
  return named === undefined || named === '' ? join(HOME, '.cache/tfjs') : resolve(named);
}

/** What a whole set-up leaves behind last: says what was built. */
export const TFJS_RECORD = 'setup.json';
