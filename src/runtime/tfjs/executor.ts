import type { Graph } from '../../graph/graph.ts';
import { readGraph } from '../../graph/onnx/read-graph.ts';
import { reportName, stateName, stepGraph, type StepProgram } from '../../graph/program.ts';
import { simplify } from '../../graph/simplify.ts';
import type { Executor, NamedArrays, NumberArray, Session } from '../executor.ts';
import { type Hardware, processorHardware } from '../hardware/hardware.ts';
import { nvidiaHardware } from '../hardware/nvidia.ts';
import { createProbe } from '../probe.ts';
import { feedsAtStep, pickFeeds } from '../step-feeds.ts';
import { createInterpreter, type Interpreter } from './interpreter.ts';
import { loadTfjs, type LoadedTfjs, type LoadOptions, type Tf, type TfTensor } from './load.ts';

type Values = ReadonlyMap<string, TfTensor>;

/** The executor on TF.js: interprets graphs, an operation at a time. Throws `DEVICE_UNAVAILABLE`. */
export async function openTfjsExecutor(options: LoadOptions): Promise<Executor> {
  const loaded = await loadTfjs(options);
  const { tf } = loaded;
  const probe = createProbe();
  const prober = createInterpreter(tf, probe.graph);
  probe.check(await runGraph(tf, prober, probe.feeds));
  prober.dispose();
  const compile = (graph: Graph): Promise<Session> => {
    const interpreter = createInterpreter(tf, graph);
    return Promise.resolve({ run: (feeds) => runGraph(tf, interpreter, feeds), close: closing(interpreter) });
  };
  return {
    device: 'tfjs',
    hardware: hardwareOf(loaded),
    description: describe(loaded, options),
    compile,
    compileSteps: (program) => {
      const interpreter = createInterpreter(tf, stepGraph(program));
      return Promise.resolve({
        run: (steps, feeds) => runSteps(tf, program, interpreter, steps, feeds),
        close: closing(interpreter),
      });
    },
    load: async (onnx) => compile(simplify(readGraph(onnx))),
    close: () => Promise.resolve(),
  };
}

/** TensorFlow says whether it has taken a GPU; the backends of npm compute on the processor. */
export const hardwareOf = ({ tensorflow }: Pick<LoadedTfjs, 'tensorflow'>): Hardware =>
  tensorflow?.usesGpu === true ? nvidiaHardware() : processorHardware();

function describe({ tf, packageName, tensorflow }: LoadedTfjs, { threads }: LoadOptions): string {
  const name = `${packageName} ${tf.version_core}`;
  if (tensorflow === undefined) return `${name}, backend ${tf.getBackend()}`;
  const place = tensorflow.usesGpu
    ? `on a GPU (${nvidiaHardware().name})`
    : `on processors, ${threads} thread${threads === 1 ? '' : 's'}`;
  return `${name}, TensorFlow ${tensorflow.version} ${place}`;
}

const closing = (interpreter: Interpreter) => (): Promise<void> => {
  interpreter.dispose();
  return Promise.resolve();
};

async function runGraph(tf: Tf, interpreter: Interpreter, feeds: NamedArrays): Promise<NamedArrays> {
  const inputs = upload(tf, feeds);
  try {
    return await download(interpreter.run(inputs));
  } finally {
    dispose(inputs);
  }
}

/** The steps one after the other; the state stays on the device between them. */
async function runSteps(
  tf: Tf,
  program: StepProgram,
  interpreter: Interpreter,
  steps: number,
  feeds: NamedArrays,
): Promise<NamedArrays> {
  const constant = upload(tf, pickFeeds(feeds, program.shared));
  const reports = Object.keys(program.reports);
  const history: TfTensor[][] = [];
  let state = upload(
    tf,
    pickFeeds(
      feeds,
      program.state.map((variable) => variable.input),
    ),
  );
  try {
    for (let step = 0; step < steps; step++) {
      const drawn = upload(tf, feedsAtStep(feeds, program.perStep, step));
      const outputs = interpreter.run(new Map([...state, ...constant, ...drawn]));
      dispose(drawn, state);
      state = new Map([...state.keys()].map((name) => [name, outputs.get(stateName(name))!]));
      history.push(reports.map((name) => outputs.get(reportName(name))!));
    }
    const results = await download(new Map([...state].map(([name, value]) => [stateName(name), value.clone()])));
    return { ...results, ...(await readReports(reports, history)) };
  } finally {
    dispose(constant, state);
    history.flat().forEach((value) => value.dispose());
  }
}

/** Scalars of all steps, as one vector a report. */
async function readReports(names: readonly string[], history: readonly TfTensor[][]): Promise<NamedArrays> {
  const values = await Promise.all(history.map((step) => Promise.all(step.map((value) => value.data()))));
  const vectors = names.map((name, index): [string, NumberArray] => [
    reportName(name),
    { data: Float32Array.from(values, (step) => step[index]?.[0] ?? NaN), shape: [values.length] },
  ]);
  return Object.fromEntries(vectors);
}

/** Copies, because a backend may keep the array that it is given. */
function upload(tf: Tf, feeds: NamedArrays): Map<string, TfTensor> {
  const tensors = Object.entries(feeds).map(([name, { data, shape }]): [string, TfTensor] => [
    name,
    tf.tensor(data.slice(), [...shape], 'float32'),
  ]);
  return new Map(tensors);
}

/** Reads tensors and disposes them. */
async function download(tensors: ReadonlyMap<string, TfTensor>): Promise<NamedArrays> {
  const read = async ([name, value]: [string, TfTensor]): Promise<[string, NumberArray]> => [
    name,
    { data: Float32Array.from(await value.data()), shape: value.shape },
  ];
  try {
    return Object.fromEntries(await Promise.all([...tensors].map(read)));
  } finally {
    dispose(tensors);
  }
}

function dispose(...groups: Values[]): void {
  for (const group of groups) for (const tensor of group.values()) tensor.dispose();
}
