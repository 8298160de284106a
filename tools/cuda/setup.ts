import { parseArgs } from 'node:util';
import { AristarchError, messageOf } from '../../src/base/errors.ts';
import { describeMissingLibraries, findMissingLibraries } from '../../src/runtime/onnxruntime/cuda-libraries.ts';
import { engineFolder, engineVersion } from '../../src/runtime/onnxruntime/cuda-provider.ts';
import { runSetUp } from '../set-up/main.ts';
import { fetchProvider, isWhole } from './provider.ts';

const HELP = `npm run setup:cuda [-- --force]

Lays ONNX Runtime's CUDA provider beside the npm package onnxruntime-node: the libraries of PyPI's onnxruntime-gpu of the identical
version (a wheel of 250 MB, 272 MB unpacked), taken by its hash in deploy/image/wheels-gpu.txt, each library with the SHA-256 that the wheel states.
Nothing is asked but PyPI, through pip. Then says what --device cuda still lacks here: the NVIDIA driver, CUDA 13, cuDNN 9.

  --force   lays it anew where it is there already, whole by its hashes

Needed: Linux on x64, and Python 3 with pip (ARISTARCH_PYTHON names it; else python3). "npm ci" takes it away again.`;

async function setUpCuda(signal: AbortSignal): Promise<void> {
  const values = readFlags();
  if (values.help) {
    console.log(HELP);
    return;
  }
  const [folder, version] = [engineFolder(), engineVersion()];
  if (folder === undefined || process.platform !== 'linux' || process.arch !== 'x64')
    throw new AristarchError('DEVICE_UNAVAILABLE', 'the CUDA provider is for Linux on x64: use --device cpu or webgpu');
  if (!values.force && (await isWhole(folder, version))) {
    console.log(`the CUDA provider ${version} is there already; --force lays it anew`);
  } else {
    console.log(`downloading onnxruntime-gpu ${version} from PyPI, 250 MB`);
    const python = process.env['ARISTARCH_PYTHON'] ?? 'python3';
    const laid = await fetchProvider({ folder, version, python, signal });
    for (const [name, sha256] of Object.entries(laid.sha256)) console.log(`${name}  sha256 ${sha256}`);
    console.log(`the CUDA provider ${version} lies in ${folder}`);
  }
  const lacking = findMissingLibraries();
  console.log(
    lacking.length === 0
      ? 'CUDA, cuDNN and the driver are there: "npm run doctor" tries them'
      : describeMissingLibraries(lacking),
  );
}

function readFlags() {
  try {
    const options = { help: { type: 'boolean', default: false }, force: { type: 'boolean', default: false } } as const;
    return parseArgs({ options }).values;
  } catch (thrown) {
    throw new AristarchError('INVALID_INPUT', `${messageOf(thrown)} "npm run setup:cuda -- --help" lists the options`);
  }
}

await runSetUp(setUpCuda);
