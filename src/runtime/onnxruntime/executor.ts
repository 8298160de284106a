import { setImmediate as nextTurn } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import { emitLoop, STEP_COUNT } from '../../graph/onnx/emit-loop.ts';
import type { Executor, NamedArrays, NumberArray, Session } from '../executor.ts';
import { createProbe } from '../probe.ts';
import { env, InferenceSession, type NativeSession, type NativeTensor, openNativeSession, Tensor } from './engine.ts';

export const PROVIDERS = ['cpu', 'webgpu', 'cuda'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface OrtOptions {
  readonly provider: Provider;
  readonly threads: number;
}

/**
 * ONNX Runtime on one execution provider. The provider is proven first: a small graph must run with the fallback to the
 * CPU forbidden, since a provider that cannot load falls back in silence. Throws `DEVICE_UNAVAILABLE`.
 */
export async function openOrtExecutor({ provider, threads }: OrtOptions): Promise<Executor> {
  // Faults come back as errors with our words; the library's own lines on standard error would only repeat them.
  env.logLevel = 'fatal';
  await proveProvider(provider, threads);
  const queue = createQueue();
  const open = async (onnx: Uint8Array): Promise<InferenceSession> => {
    try {
      return await InferenceSession.create(onnx, sessionOptions(provider, threads));
    } catch (thrown) {
      throw notLoadable(thrown);
    }
  };
  const toSession = (session: InferenceSession): Session => ({
    run: (feeds) => queue(() => runSession(session, toTensors(feeds))),
    close: () => session.release(),
  });
  return {
    device: provider,
    description: `onnxruntime ${env.versions.node ?? ''} ${provider}, ${threads} thread${threads === 1 ? '' : 's'}`,
    compile: async (graph) => toSession(await open(emitGraph(graph))),
    load: async (onnx) => (provider === 'cpu' && openOnThisThread(onnx, threads)) || toSession(await open(onnx)),
    compileSteps: async (program) => {
      const session = await open(emitLoop(program));
      return {
        run: (steps, feeds) => {
          const count = new Tensor('int64', BigInt64Array.of(BigInt(steps)), []);
          return queue(() => runSession(session, { ...toTensors(feeds), [STEP_COUNT]: count }));
        },
        close: () => session.release(),
      };
    },
    close: () => Promise.resolve(),
  };
}

function notLoadable(thrown: unknown): AristarchError {
  const { message } = toAristarchError(thrown);
  const text = `ONNX Runtime cannot load the graph: ${firstLine(message)}`;
  return new AristarchError('ARTEFACT_INVALID', text, {}, thrown);
}

/** A session of the CPU that can also run before it returns; undefined where the package has no way to that. */
function openOnThisThread(onnx: Uint8Array, threads: number): Session | undefined {
  let native: NativeSession | undefined;
  try {
    native = openNativeSession(onnx, sessionOptions('cpu', threads));
  } catch (thrown) {
    throw notLoadable(thrown);
  }
  if (native === undefined) return undefined;
  const { run, dispose } = native;
  const runNow = (feeds: NamedArrays): NamedArrays => fromTensors(run(toNativeTensors(feeds)));
  return {
    runNow,
    // Another turn of the event loop first: whoever runs many one after the other lets others in between.
    run: async (feeds) => {
      await nextTurn();
      return runNow(feeds);
    },
    close: () => {
      dispose();
      return Promise.resolve();
    },
  };
}

async function proveProvider(provider: Provider, threads: number): Promise<void> {
  const probe = createProbe();
  try {
    const options = sessionOptions(provider, threads);
    const strict = provider === 'cpu' ? {} : { session: { disable_cpu_ep_fallback: '1' } };
    const session = await InferenceSession.create(emitGraph(probe.graph), { ...options, extra: strict });
    probe.check(await runSession(session, toTensors(probe.feeds)));
    await session.release();
  } catch (thrown) {
    const reason = withoutPlace(firstLine(toAristarchError(thrown).message));
    const remedy = REMEDIES[provider];
    throw new AristarchError(
      'DEVICE_UNAVAILABLE',
      `device ${provider} cannot be used here: ${reason}. ${remedy}`,
      { provider, reason },
      thrown,
    );
  }
}

const REMEDIES: { readonly [P in Provider]: string } = {
  cpu: 'Reinstall with "npm ci"; the package onnxruntime-node holds the library.',
  webgpu: 'It needs a Vulkan, Direct3D 12 or Metal driver; use --device cpu, or install the driver.',
  cuda: 'It needs the CUDA provider library beside onnxruntime-node, an NVIDIA driver, CUDA 13 and cuDNN 9; use --device cpu, or install them.',
};

function sessionOptions(provider: Provider, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    // Spinning threads burn the cores that the service's own thread needs.
    extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: threads > 1 ? '1' : '0' } } },
  };
}

async function runSession(session: InferenceSession, feeds: Record<string, Tensor>): Promise<NamedArrays> {
  return fromTensors(await session.run(feeds));
}

function fromTensors(results: Readonly<Record<string, ResultTensor>>): NamedArrays {
  const arrays: Record<string, NumberArray> = {};
  for (const name of Object.keys(results)) arrays[name] = fromTensor(results[name]!);
  return arrays;
}

function toNativeTensors(feeds: NamedArrays): Parameters<NativeSession['run']>[0] {
  const tensors: Record<string, NativeTensor> = {};
  for (const name of Object.keys(feeds)) {
    const { data, shape } = feeds[name]!;
    tensors[name] = { type: 'float32', data, dims: shape, location: 'cpu' };
  }
  return tensors;
}

function toTensors(feeds: NamedArrays): Record<string, Tensor> {
  const entries = Object.entries(feeds).map(([name, { data, shape }]) => [name, new Tensor('float32', data, shape)]);
  return Object.fromEntries(entries) as Record<string, Tensor>;
}

/** What is read of a tensor that came out. */
type ResultTensor = Pick<NativeTensor, 'data' | 'dims'>;

function fromTensor(value: ResultTensor): NumberArray {
  if (!(value.data instanceof Float32Array)) throw new AristarchError('INTERNAL', 'the graph answered with no floats');
  return { data: value.data, shape: value.dims };
}

/** One run at a time: two WebGPU sessions that run at once in a process crash it. */
function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}

/** The library says file, line and signature of its own before what has happened. */
const withoutPlace = (message: string): string => message.replace(/^\/.*? was false\. /, '');

const firstLine = (message: string): string => (message.split('\n')[0] ?? message).trim();
