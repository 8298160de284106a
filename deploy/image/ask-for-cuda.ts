import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CUDA_PROVIDER_RECORD } from '../../src/runtime/onnxruntime/cuda-provider.ts';
import type { ServeParts } from './serve-and-score.ts';

/**
 * What the image for GPUs says of CUDA on this machine: the refusal that names what is missing, where there is no GPU. Throws where the
 * provider, or the record of it, is not beside the library, or where it is refused for another reason than the driver or CUDA's libraries.
 */
export function askForCuda({ root, scratch, programs, dockerfile, say }: ServeParts): void {
  const provider = join(
    root,
    'app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so',
  );
  for (const path of [provider, join(dirname(provider), CUDA_PROVIDER_RECORD)])
    if (!existsSync(path)) throw new Error(`${path} is not there`);
  const args = [
    'score',
    '--model',
    join(scratch, 'volume/model'),
    '--data',
    join(scratch, 'rows.csv'),
    '--device',
    'cuda',
  ];
  const { status, stderr } = spawnSync(
    join(root, dockerfile.entrypoint[0]!),
    [...args, '--out', join(scratch, 'scores.csv')],
    {
      env: {
        PATH: `${programs}:/usr/bin:/bin`,
        NODE_ENV: 'production',
        NO_COLOR: '1',
        TMPDIR: join(scratch, 'volume'),
      },
      cwd: join(root, 'app'),
      encoding: 'utf8',
    },
  );
  const said = stderr.trim().split('\n').at(-1) ?? '';
  if (status === 0) say('it scores by CUDA');
  else if (/driver|libcu|CUDA/i.test(said)) say(`without a GPU --device cuda says: ${said}`);
  else throw new Error(`--device cuda fails for another reason: ${stderr}`);
}
