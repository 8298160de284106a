import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AristarchError, messageOf } from '../../src/base/errors.ts';
import { tfjsFolder } from '../../src/runtime/tfjs/folder.ts';

/** What of PyPI holds the library: `tensorflow` computes on GPUs as well, and is half as large again. */
export const WHEELS = { cpu: 'tensorflow-cpu', gpu: 'tensorflow' } as const;
export type Variant = keyof typeof WHEELS;

export const DEFAULT_TENSORFLOW = '2.21.0';

/** What is to be there in the end. */
export interface Plan {
  readonly variant: Variant;
  /** Version of TensorFlow. */
  readonly tensorflow: string;
  /** Whether NVIDIA's libraries of PyPI are laid beside it. */
  readonly cudaLibraries: boolean;
  readonly folder: string;
  /** Build it anew, whatever is there. */
  readonly force: boolean;
}

export const HELP = `npm run setup:tfjs [-- --cpu | --gpu] [--cuda-libraries] [--tensorflow VERSION] [--force]

Builds what --device tfjs runs on: TensorFlow's own library, reached through @tensorflow/tfjs-node-gpu 4.22. That package can no
longer install itself, since it would download a TensorFlow of 2022 from outside the npm registry. Instead its addon is
compiled here, from its own source, against the library in PyPI's wheel; nothing but npm and PyPI is asked.

  --cpu                 the library of tensorflow-cpu: 0.3 GB to download, 0.9 GB on the disk
  --gpu                 that of tensorflow, for NVIDIA's GPUs and for processors: 0.6 GB to download, 1.3 GB on the disk.
                        It needs NVIDIA's driver, CUDA 12.5 or newer of its line, and cuDNN 9; where one is missing, it
                        computes on the processor, and this command says so
                        Without either, --gpu where the machine has an NVIDIA driver, else --cpu
  --cuda-libraries      with --gpu: CUDA and cuDNN of PyPI as well, so that only the driver must be there; some 4 GB more
  --tensorflow VERSION  which TensorFlow (default ${DEFAULT_TENSORFLOW}; 2.15.1 to 2.21.0 were tried)
  --force               builds it anew, even where what is there is the same

It is put into .cache/tfjs, or where ARISTARCH_TFJS says, whole or not at all; remove that folder to be rid of it. A second call looks
whether it is there and works. Needed: Linux on x64, Node 20 to 24 with its headers, npm, Python 3 with pip (ARISTARCH_PYTHON
names it, else python3), make and a C++ compiler; those are not needed once it is built.
Without it, --device tfjs takes another TF.js that is installed, such as @tensorflow/tfjs-backend-wasm.`;

/** Throws `INVALID_INPUT`; undefined where help is wanted. */
export function parsePlan(args: readonly string[], environment: NodeJS.ProcessEnv): Plan | undefined {
  const values = parseFlags(args);
  if (values.help) return undefined;
  const { tensorflow, cpu, gpu, force, 'cuda-libraries': cudaLibraries } = values;
  if (cpu && gpu) throw refuse('--cpu and --gpu exclude each other: give one of them');
  if (!/^\d+\.\d+\.\d+$/.test(tensorflow))
    throw refuse(`--tensorflow is "${tensorflow}": give a version such as ${DEFAULT_TENSORFLOW}`);
  const variant = gpu || (!cpu && hasNvidiaDriver()) ? 'gpu' : 'cpu';
  if (cudaLibraries && variant === 'cpu')
    throw refuse('--cuda-libraries is of no use to the library for processors: give --gpu');
  return { variant, tensorflow, cudaLibraries, force, folder: tfjsFolder(environment) };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        cpu: { type: 'boolean', default: false },
        gpu: { type: 'boolean', default: false },
        'cuda-libraries': { type: 'boolean', default: false },
        tensorflow: { type: 'string', default: DEFAULT_TENSORFLOW },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (thrown) {
    throw refuse(`${messageOf(thrown)} "npm run setup:tfjs -- --help" lists the options`);
  }
}

const refuse = (message: string): AristarchError => new AristarchError('INVALID_INPUT', message);

const hasNvidiaDriver = (): boolean => existsSync('/proc/driver/nvidia/version');
