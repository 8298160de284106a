/** Opens the executor on TensorFlow, which computes a product whose answer is known, and prints what it found. */
import { TFJS_NATIVE } from '../../src/runtime/tfjs/folder.ts';
import { openTfjsExecutor } from '../../src/runtime/tfjs/executor.ts';
import { loadTfjs, type LoadOptions } from '../../src/runtime/tfjs/load.ts';

const options: LoadOptions = { packages: [TFJS_NATIVE], threads: 1, warn: (message) => console.error(message) };
const executor = await openTfjsExecutor(options);
const { tensorflow } = await loadTfjs(options);
console.log(JSON.stringify({ ...tensorflow, description: executor.description }));
