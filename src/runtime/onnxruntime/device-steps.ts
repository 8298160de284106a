import { createGraph } from '../../graph/graph.ts';
import { WEBGPU_DIALECT } from '../../graph/onnx/dialect.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import { reportName, stateName, stepGraph, type StepProgram } from '../../graph/program.ts';
import type { Tensor as Symbol } from '../../graph/tensor.ts';
import type { NamedArrays, NumberArray, Placement, StepSession } from '../executor.ts';
import { feedsAtStep, pickFeeds } from '../step-feeds.ts';
import type { InferenceSession, Tensor } from './engine.ts';
import type { SessionOptions } from './session-options.ts';
import { fromTensors, toTensors } from './tensors.ts';

/** What the steps need of the engine: sessions on the device, and a turn of it. */
export interface DeviceEngine {
  readonly open: (onnx: Uint8Array, where: Locations) => Promise<InferenceSession>;
  /** The same, and where its operators run is found out and said. */
  readonly openStep: (
    onnx: Uint8Array,
    where: Locations,
  ) => Promise<{ readonly session: InferenceSession; readonly placement: Placement | undefined }>;
  readonly queue: <T>(work: () => Promise<T>) => Promise<T>;
}
/** Where each output is left. */
type Locations = Pick<SessionOptions, 'preferredOutputLocation'>;

type Tensors = Readonly<Record<string, Tensor>>;
/** A value on the device, and the array on this side that it is equal to. */
interface Resident {
  readonly tensor: Tensor;
  readonly array: Float32Array | undefined;
}
type Residents = Map<string, Resident>;

/**
 * Training steps one by one, for a provider that has no `Loop` (WebGPU's runs on the CPU, and takes the whole state to it and back at
 * each step). State and shared data stay on the device from step to step and from call to call, as long as the caller feeds the
 * arrays that it was given; they must not have been written to. What the API does not allow: `download` of a tensor on the device is
 * "not implemented" and ends the process (js/node/src/tensor_helper.cc, OrtValueToNapiValue), so that a graph that copies its inputs
 * to outputs on this side reads the state; and a report is read at each step, which waits for the device.
 */
export async function openDeviceSteps(engine: DeviceEngine, program: StepProgram): Promise<StepSession> {
  const { queue } = engine;
  const stateInputs = program.state.map(({ input }) => input);
  const reports = Object.keys(program.reports);
  const onnx = emitGraph(stepGraph(program), WEBGPU_DIALECT);
  const { session, placement } = await engine.openStep(onnx, leaveOnDevice(program));
  const movers = [await openMover(engine, stateInputs), await openMover(engine, program.shared)] as const;
  const reader = await engine.open(emitGraph(copyGraph(stateInputs)), {});
  const state: Residents = new Map();
  const shared: Residents = new Map();

  const step = async (drawn: NamedArrays): Promise<Tensors> => {
    const results = await queue(() => session.run({ ...tensorsOf(state), ...tensorsOf(shared), ...toTensors(drawn) }));
    for (const { attributes } of stateInputs) {
      state.get(attributes.name)?.tensor.dispose();
      state.set(attributes.name, { tensor: results[stateName(attributes.name)]!, array: undefined });
    }
    return results;
  };
  const runSteps = async (steps: number, feeds: NamedArrays): Promise<NamedArrays> => {
    await queue(() => movers[0].bring(feeds, state));
    await queue(() => movers[1].bring(feeds, shared));
    const history = reports.map(() => new Float32Array(steps));
    for (let at = 0; at < steps; at++) {
      const results = await step(feedsAtStep(feeds, program.perStep, at));
      reports.forEach((name, index) => (history[index]![at] = Number(results[reportName(name)]!.data[0])));
    }
    const arrays = fromTensors(await queue(() => reader.run(tensorsOf(state))));
    for (const [name, { tensor }] of state) state.set(name, { tensor, array: arrays[copyName(name)]!.data });
    return {
      ...arrays,
      ...Object.fromEntries(reports.map((name, index) => [reportName(name), vector(history[index]!)])),
    };
  };
  return {
    ...(placement && { placement }),
    async run(steps, feeds) {
      try {
        return await runSteps(steps, feeds);
      } catch (thrown) {
        // Some of the state is of one step and some of another.
        await queue(() => {
          forget(state);
          return Promise.resolve();
        });
        throw thrown;
      }
    },
    close: () =>
      queue(async () => {
        forget(state, shared);
        for (const each of [session, reader, ...movers]) await each.release();
      }),
  };
}

function leaveOnDevice({ state, reports }: StepProgram): Locations {
  const kept = state.map(({ input }) => [stateName(input.attributes.name), 'gpu-buffer'] as const);
  const read = Object.keys(reports).map((name) => [reportName(name), 'cpu'] as const);
  return { preferredOutputLocation: Object.fromEntries([...kept, ...read]) };
}

/** As the state is named that a step gives. */
const copyName = stateName;
const copyGraph = (inputs: readonly Symbol<'input'>[]) =>
  createGraph('copy', inputs, Object.fromEntries(inputs.map((each) => [copyName(each.attributes.name), each])));

/** Brings arrays to the device, those that are not there. */
interface Mover {
  bring(feeds: NamedArrays, residents: Residents): Promise<void>;
  release(): Promise<void>;
}

async function openMover(engine: DeviceEngine, inputs: readonly Symbol<'input'>[]): Promise<Mover> {
  if (inputs.length === 0) return { bring: () => Promise.resolve(), release: () => Promise.resolve() };
  const session = await engine.open(emitGraph(copyGraph(inputs)), { preferredOutputLocation: 'gpu-buffer' });
  return {
    async bring(feeds, residents) {
      const wanted = pickFeeds(feeds, inputs);
      const isThere = ([name, { data }]: [string, NumberArray]): boolean => residents.get(name)?.array === data;
      if (Object.entries(wanted).every(isThere)) return;
      const tensors = await session.run(toTensors(wanted));
      forget(residents);
      for (const [name, { data }] of Object.entries(wanted))
        residents.set(name, { tensor: tensors[copyName(name)]!, array: data });
    },
    release: () => session.release(),
  };
}

function forget(...groups: Residents[]): void {
  for (const residents of groups) {
    for (const { tensor } of residents.values()) tensor.dispose();
    residents.clear();
  }
}

const tensorsOf = (residents: Residents): Tensors =>
  Object.fromEntries([...residents].map(([name, { tensor }]) => [name, tensor]));

const vector = (data: Float32Array): NumberArray => ({ data, shape: [data.length] });
