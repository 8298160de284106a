import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createAristarch } from './step/aristarch.ts';
import { median, type Peer, type StepSize, type Timing } from './step/peer.ts';
import { createTensorFlowPeers } from './step/tensorflow.ts';
import { createTfjs, loadWasm } from './step/tfjs.ts';
import { createTorch } from './step/torch.ts';

const HELP = `npm run bench:step [-- --json] [--threads N] [--runs N] [--python PATH]

Milliseconds of one WGAN-GP critic step (batch 256, 64 features; critics 64-256-256-1 and 64-64-64-1, generators alike):
rows and noise drawn, generator forward, gradient penalty, Adam. Aristarch runs its compiled loop on ONNX Runtime, and the same graph on
TensorFlow (aristarch-tfjs, as --device tfjs does, where npm run setup:tfjs was run); TF.js, on wasm and on TensorFlow (tfjs-node), and PyTorch the
same step written by hand in them, on as many threads (--threads; TF.js on wasm has one). Runs are interleaved; medians
are shown, and whether the ratios meet the project's bars; if not, the exit code is 1. PyTorch is taken from --python, else from
ARISTARCH_PYTHON, else python3, and left out where it is absent.`;

/** What must hold on two cores: how many times faster than each peer. */
const BARS = {
  '256x256': { 'tfjs-wasm': 30, pytorch: 0.95 },
  '64x64': { 'tfjs-wasm': 20, pytorch: 2 },
} as const;
type SizeName = keyof typeof BARS;
const HIDDEN: { readonly [S in SizeName]: readonly number[] } = { '256x256': [256, 256], '64x64': [64, 64] };
/** Steps in one run of each peer: about a second, so that a busy scheduler is averaged out. */
const STEPS: { readonly [S in SizeName]: Readonly<Record<string, number>> } = {
  '256x256': { aristarch: 250, 'tfjs-wasm': 6, pytorch: 150, 'aristarch-tfjs': 30, 'tfjs-node': 40 },
  '64x64': { aristarch: 1000, 'tfjs-wasm': 50, pytorch: 500, 'aristarch-tfjs': 60, 'tfjs-node': 80 },
};

interface PeerResult {
  readonly peer: string;
  readonly description: string;
  readonly msPerStep: number;
  readonly cpuMsPerStep: number;
  readonly runs: readonly Timing[];
}

interface SizeResult {
  readonly size: string;
  readonly peers: readonly PeerResult[];
  readonly ratios: readonly Ratio[];
  readonly absent: readonly string[];
}

interface Ratio {
  readonly peer: string;
  readonly times: number;
  readonly cpuTimes: number;
  /** Undefined where the project set itself none. */
  readonly bar: number | undefined;
  readonly met: boolean;
}

interface BenchOptions {
  readonly threads: number;
  readonly runs: number;
  readonly python: string;
}

async function measure(name: SizeName, { threads, runs, python }: BenchOptions): Promise<SizeResult> {
  const size: StepSize = { batch: 256, features: 64, latent: 64, rows: 10_000, hidden: HIDDEN[name], threads };
  const torch = await createTorch(size, python);
  const tensorflow = await createTensorFlowPeers(size);
  const absent = [torch, tensorflow].filter((each) => typeof each === 'string');
  const peers = [
    ...[await createAristarch(size), await createTfjs(size, await loadWasm())],
    ...(typeof torch === 'string' ? [] : [torch]),
    ...(typeof tensorflow === 'string' ? [] : tensorflow),
  ];
  const timings = new Map<Peer, Timing[]>(peers.map((peer) => [peer, []]));
  const stepsOf = (peer: Peer): number => STEPS[name][peer.name] ?? 1;
  for (const peer of peers) await peer.run(Math.ceil(stepsOf(peer) / 4));
  for (let run = 0; run < runs; run++) {
    for (const peer of peers) timings.get(peer)?.push(await peer.run(stepsOf(peer)));
  }
  for (const peer of peers) await peer.close();
  const results = peers.map((peer) => summarise(peer, timings.get(peer) ?? []));
  return {
    size: name,
    peers: results,
    ratios: compare(results, BARS[name]),
    absent,
  };
}

function summarise({ name, description }: Peer, runs: readonly Timing[]): PeerResult {
  const msPerStep = median(runs.map(({ wallMs }) => wallMs));
  return { peer: name, description, msPerStep, cpuMsPerStep: median(runs.map(({ cpuMs }) => cpuMs)), runs };
}

function compare(
  [ours, ...others]: readonly PeerResult[],
  bars: Readonly<Record<string, number>>,
): SizeResult['ratios'] {
  return others.map(({ peer, msPerStep, cpuMsPerStep }) => {
    const [times, bar] = [msPerStep / ours!.msPerStep, bars[peer]];
    return { peer, times, cpuTimes: cpuMsPerStep / ours!.cpuMsPerStep, bar, met: bar === undefined || times >= bar };
  });
}

function show({ size, peers, ratios, absent }: SizeResult): string {
  const cell = (value: number): string => value.toFixed(2).padStart(9);
  return [
    `\n${size}`,
    ...peers.map(({ peer, msPerStep, cpuMsPerStep, description }) => {
      return `  ${peer.padEnd(10)} ${cell(msPerStep)} ms a step, ${cell(cpuMsPerStep)} ms of CPU   ${description}`;
    }),
    ...ratios.map(({ peer, times, cpuTimes, bar, met }) => {
      const verdict = bar === undefined ? '' : `; the bar is ${bar}: ${met ? 'met' : 'MISSED'}`;
      return `  ${times.toFixed(2)} times ${peer} (CPU time ${cpuTimes.toFixed(2)} times)${verdict}`;
    }),
    ...absent.map((reason) => `  ${reason}`),
  ].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      threads: { type: 'string', default: '1' },
      runs: { type: 'string', default: '5' },
      python: { type: 'string', default: process.env['ARISTARCH_PYTHON'] ?? 'python3' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const options = { threads: Number(values.threads), runs: Number(values.runs), python: values.python };
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const results: SizeResult[] = [];
  if (!values.json) console.log(`${machine}, ${options.threads} threads, medians of ${options.runs} interleaved runs`);
  for (const name of Object.keys(BARS) as SizeName[]) {
    const result = await measure(name, options);
    results.push(result);
    if (!values.json) console.log(show(result));
  }
  if (values.json) console.log(JSON.stringify({ machine, ...options, results }, null, 2));
  if (results.some(({ ratios }) => ratios.some(({ met }) => !met))) process.exitCode = 1;
}

await main();
