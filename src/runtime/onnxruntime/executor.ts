import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { PORTABLE, WEBGPU_DIALECT, type Dialect } from '../../graph/onnx/dialect.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import { fileInDialect } from '../../graph/onnx/file-in-dialect.ts';
import { emitLoop, STEP_COUNT } from '../../graph/onnx/emit-loop.ts';
import type { StepProgram } from '../../graph/program.ts';
import type { Executor, NamedArrays, Placement, Session, StepSession } from '../executor.ts';
import { type Hardware, processorHardware } from '../hardware/hardware.ts';
import { nvidiaHardware } from '../hardware/nvidia.ts';
import { vulkanHardware } from '../hardware/vulkan.ts';
import type { Tensor as Result } from '../../graph/tensor.ts';
import { createProbe } from '../probe.ts';
import { nameSetUp } from '../set-ups.ts';
import { firstLine, notLoadable, openCpuSession, silence } from './cpu-session.ts';
import { describeMissingLibraries, findMissingLibraries } from './cuda-libraries.ts';
import { checkCudaProvider, findCudaProvider } from './cuda-provider.ts';
import { createCpuDialects } from './cpu-dialect.ts';
import { openDeviceSteps } from './device-steps.ts';
import { env, InferenceSession, Tensor } from './engine.ts';
import { describePlacement, openPlaced } from './placement.ts';
import { createQueue, deviceQueue, type Queue } from './queue.ts';
import { type OrtOptions, PROBE, type Provider, sessionOptions, type SessionOptions } from './session-options.ts';
import { fromTensors, toTensors } from './tensors.ts';

/**
 * ONNX Runtime on one execution provider. The provider is proven first: a small graph must run with the fallback to the
 * CPU forbidden, since a provider that cannot load falls back in silence. What of a training step or of a model file runs on the CPU
 * nevertheless is said, and where nothing does that is said, too. Throws `DEVICE_UNAVAILABLE`.
 */
export async function openOrtExecutor(options: OrtOptions): Promise<Executor> {
  const { provider, threads } = options;
  silence();
  const engine = PROVIDER_ENGINES[provider](options);
  await engine.queue(() => proveProvider(provider, threads));
  const toSession = (session: InferenceSession): Session => ({
    run: (feeds) => engine.queue(() => runSession(session, toTensors(feeds))),
    close: () => engine.queue(() => session.release()),
  });
  const hardware = HARDWARE[provider]();
  const place = provider === 'cpu' ? '' : `, on ${hardware.name}`;
  return {
    device: provider,
    hardware,
    description: `onnxruntime ${env.versions.node ?? ''} ${provider}, ${threads} thread${threads === 1 ? '' : 's'}${place}`,
    compile: async (graph) => {
      const dialect = await engine.dialectFor(Object.values(graph.outputs));
      return toSession(await engine.open(emitGraph(graph, dialect)));
    },
    load: async (onnx) => {
      if (provider === 'cpu') return openCpuSession(onnx, threads);
      const { session, placement } = await engine.openPlaced(translate(onnx, engine.dialect), 'the model');
      return { ...toSession(session), ...(placement && { placement }) };
    },
    compileSteps: (program) => engine.openSteps(program),
    close: () => Promise.resolve(),
  };
}

/** What a provider that was proven computes on. */
const HARDWARE: { readonly [P in Provider]: () => Hardware } = {
  cpu: processorHardware,
  webgpu: () => vulkanHardware(),
  cuda: () => nvidiaHardware(),
};

/** A session, and where its nodes ran. */
interface PlacedSession {
  readonly session: InferenceSession;
  /** Undefined of the CPU, where there is nothing to ask. */
  readonly placement: Placement | undefined;
}

/** How a provider is used. */
interface Engine {
  readonly queue: Queue;
  /** Of files. */
  readonly dialect: Dialect;
  /** Of a graph that is compiled here, by what it computes. */
  dialectFor(results: readonly Result[]): Promise<Dialect>;
  open(onnx: Uint8Array, more?: SessionOptions): Promise<InferenceSession>;
  /** Says where it runs. */
  openPlaced(onnx: Uint8Array, name: string, more?: SessionOptions): Promise<PlacedSession>;
  openSteps(program: StepProgram): Promise<StepSession>;
}

const PROVIDER_ENGINES: { readonly [P in Provider]: (options: OrtOptions) => Engine } = {
  // Nothing to say of where it runs.
  cpu: (options) => {
    const engine = createOpeners(options, createQueue());
    const dialectFor = createCpuDialects(options.threads);
    const openPlaced: Engine['openPlaced'] = async (onnx, _, more) => {
      return { session: await engine.open(onnx, more), placement: undefined };
    };
    return withLoop({ ...engine, openPlaced }, dialectFor);
  },
  cuda: (options) => withLoop(createOpeners(options, deviceQueue), () => Promise.resolve(PORTABLE)),
  webgpu: (options) => {
    const { queue, open, openPlaced: place } = createOpeners(options, deviceQueue);
    const openSteps = (program: StepProgram): Promise<StepSession> => {
      const openStep = (onnx: Uint8Array, where: SessionOptions): Promise<PlacedSession> =>
        place(onnx, `a step of ${program.name}`, where);
      return openDeviceSteps({ queue, open, openStep }, program);
    };
    const dialectFor = (): Promise<Dialect> => Promise.resolve(WEBGPU_DIALECT);
    return { ...{ queue, open, openPlaced: place, openSteps }, dialect: WEBGPU_DIALECT, dialectFor };
  },
};

type Openers = Pick<Engine, 'queue' | 'open' | 'openPlaced'>;

function createOpeners({ provider, threads, warn }: OrtOptions, queue: Queue): Openers {
  const create = <T>(work: () => Promise<T>): Promise<T> =>
    queue(work).catch((thrown: unknown) => {
      throw notLoadable(thrown);
    });
  const said = new Set<string>();
  const all = (more: SessionOptions = {}): SessionOptions => ({ ...sessionOptions(provider, threads), ...more });
  return {
    queue,
    open: (onnx, more) => create(() => InferenceSession.create(onnx, all(more))),
    async openPlaced(onnx, name, more) {
      const { session, placement } = await create(() => openPlaced(onnx, all(more)));
      const sentence = describePlacement(name, provider, placement);
      // Folds and members of a run are compiled one after the other, and are alike.
      if (!said.has(sentence)) warn?.(sentence);
      said.add(sentence);
      return { session, placement };
    },
  };
}

/** Steps in a `Loop`, which the provider has. */
function withLoop(openers: Openers, dialectFor: Engine['dialectFor']): Engine {
  return {
    ...openers,
    dialect: PORTABLE,
    dialectFor,
    async openSteps(program) {
      const results = [...program.state.map(({ next }) => next), ...Object.values(program.reports)];
      const onnx = emitLoop(program, await dialectFor(results));
      const { session, placement } = await openers.openPlaced(onnx, `a step of ${program.name}`);
      return {
        ...(placement && { placement }),
        run: (steps, feeds) => {
          const count = new Tensor('int64', BigInt64Array.of(BigInt(steps)), []);
          return openers.queue(() => runSession(session, { ...toTensors(feeds), [STEP_COUNT]: count }));
        },
        close: () => openers.queue(() => session.release()),
      };
    },
  };
}

function translate(onnx: Uint8Array, dialect: Dialect): Uint8Array {
  try {
    return fileInDialect(onnx, dialect);
  } catch (thrown) {
    throw notLoadable(thrown);
  }
}

async function proveProvider(provider: Provider, threads: number): Promise<void> {
  const probe = createProbe();
  if (provider === 'cuda') {
    checkCudaProvider(findCudaProvider());
    process.env[TF32_SWITCH] ??= '0';
  }
  try {
    const options = sessionOptions(provider, threads);
    const session = await InferenceSession.create(emitGraph(probe.graph), { ...options, ...PROBE[provider] });
    probe.check(await runSession(session, toTensors(probe.feeds)));
    await session.release();
  } catch (thrown) {
    const reason = withoutPlace(firstLine(toAristarchError(thrown).message));
    const remedy = REMEDIES[provider]();
    throw new AristarchError(
      'DEVICE_UNAVAILABLE',
      `device ${provider} cannot be used here: ${reason}. ${remedy}`,
      { provider, reason },
      thrown,
    );
  }
}

/**
 * Read by NVIDIA's libraries when they start. On by default, from Ampere on: products of floats would be taken of ten bits each, and no
 * option of the binding says otherwise.
 */
const TF32_SWITCH = 'NVIDIA_TF32_OVERRIDE';

const REMEDIES: { readonly [P in Provider]: () => string } = {
  cpu: () => 'Reinstall with "npm ci"; the package onnxruntime-node holds the library.',
  webgpu: () => 'It needs a Vulkan, Direct3D 12 or Metal driver; use --device cpu, or install the driver.',
  cuda: () => `${cudaRemedy()}; use --device cpu, or see docs/guides/gpu.md.`,
};

/** What is missing, by name. */
function cudaRemedy(): string {
  const { missing, folder } = findCudaProvider();
  const libraries = findMissingLibraries();
  const provider =
    missing.length > 0
      ? [
          `${missing.join(' and ')} are not in ${folder ?? 'the package'}: ${nameSetUp('setup:cuda')} lays them beside its onnxruntime-node`,
        ]
      : [];
  const rest = libraries.length > 0 ? [describeMissingLibraries(libraries)] : [];
  const lacking = [...provider, ...rest];
  return lacking.length > 0 ? lacking.join('. ') : 'Its driver must see a GPU: "nvidia-smi" says which';
}

async function runSession(session: InferenceSession, feeds: Record<string, Tensor>): Promise<NamedArrays> {
  return fromTensors(await session.run(feeds));
}

/** The library says file, line and signature of its own before what has happened. */
const withoutPlace = (message: string): string => message.replace(/^\/.*? was false\. /, '');
