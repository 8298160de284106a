import { parseArgs } from 'node:util';
import { AristarchError, toAristarchError } from '../../src/base/errors.ts';
import { describeMissingLibraries, findMissingLibraries } from '../../src/runtime/onnxruntime/cuda-libraries.ts';
import { engineFolder, engineVersion, findCudaProvider } from '../../src/runtime/onnxruntime/cuda-provider.ts';
import { fetchProvider } from './provider.ts';

const HELP = `npm run setup:cuda [-- --force]

Lays ONNX Runtime's CUDA provider beside the npm package onnxruntime-node: the libraries of PyPI's onnxruntime-gpu of the identical
version (a wheel of 250 MB, 272 MB unpacked), each with the SHA-256 that the wheel states. Nothing is asked but PyPI, through pip. Then
says what --device cuda still lacks here: the NVIDIA driver, CUDA 13, cuDNN 9.

  --force   lays it anew where it is there already

Needed: Linux on x64, and Python 3 with pip (ARISTARCH_PYTHON names it; else python3). "npm ci" takes it away again.`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { help: { type: 'boolean' }, force: { type: 'boolean', default: false } } });
  if (values.help === true) {
    console.log(HELP);
    return;
  }
  const [folder, version] = [engineFolder(), engineVersion()];
  if (folder === undefined || process.platform !== 'linux' || process.arch !== 'x64')
    throw new AristarchError('DEVICE_UNAVAILABLE', 'the CUDA provider is for Linux on x64: use --device cpu or webgpu');
  const { missing, record } = findCudaProvider(folder);
  if (missing.length === 0 && record?.version === version && !values.force) {
    console.log(`the CUDA provider ${version} is there already; --force lays it anew`);
  } else {
    console.log(`downloading onnxruntime-gpu ${version} from PyPI, 250 MB`);
    const laid = await fetchProvider({ folder, version, python: process.env['ARISTARCH_PYTHON'] ?? 'python3' });
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

try {
  await main();
} catch (thrown) {
  const { code, message } = toAristarchError(thrown);
  console.error(`error: ${message} (${code})`);
  process.exitCode = 1;
}
