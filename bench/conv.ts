import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KERNEL_FORMS, type KernelForm } from '../src/graph/onnx/kernel-gradient.ts';
import { createAristarch } from './conv/aristarch.ts';
import { measureBinding } from './conv/binding.ts';
import { LAYERS, SHAPES, STEPS, type CaseKind, type ConvCase, type ConvShape } from './conv/cases.ts';
import { convPage, type CaseResult } from './conv/page.ts';
import { median, type Peer, type Timing } from './step/peer.ts';
import { openTorch, type TorchWorker } from './step/torch.ts';
import { writeDocument } from './support/documents.ts';

const HELP = `npm run bench:conv [-- --write] [--json] [--threads N] [--runs N] [--python PATH]

Milliseconds of convolutions - forward, derivative by the image, derivative by the kernel in each of its forms -, of layers of all three in one run, and of a whole
critic step with R1, at 16, 32 and 64 px, beside PyTorch eager on as many threads, in the faster of its two memory layouts. Runs
are interleaved; medians of the time of the processor are shown, which other work on the machine changes least. The bar is to be at least as fast as PyTorch; where it is missed, the exit code is 1.
--write renews docs/bench-conv.md. PyTorch is taken from --python, else from ARISTARCH_PYTHON, else python3.`;

const SCRIPT = fileURLToPath(new URL('conv_torch.py', import.meta.url));
/** A run of each peer takes about so long. */
const RUN_MS = 100;
const LAYOUTS = ['contiguous', 'channels-last'] as const;

interface BenchOptions {
  readonly threads: number;
  readonly runs: number;
  readonly python: string;
}

async function measure(
  kind: CaseKind,
  shape: ConvShape,
  options: BenchOptions,
  torch: TorchWorker | null,
): Promise<CaseResult> {
  const of: ConvCase = { ...shape, kind, threads: options.threads, layers: LAYERS };
  const hasForms = kind === 'byKernel' && of.stride === 1;
  const forms = hasForms ? (Object.keys(KERNEL_FORMS) as KernelForm[]) : [];
  const own = await Promise.all([createAristarch(of), ...forms.map((form) => createAristarch(of, form))]);
  const peers = [...own, ...(torch ? LAYOUTS.map((layout) => torchPeer(torch, of, layout)) : [])];
  const counts = new Map<Peer, number>();
  for (const peer of peers) {
    await peer.run(1);
    counts.set(peer, Math.max(1, Math.round(RUN_MS / (await peer.run(2)).cpuMs)));
  }
  const timings = new Map<Peer, Timing[]>(peers.map((peer) => [peer, []]));
  for (let run = 0; run < options.runs; run++) {
    for (const peer of peers) timings.get(peer)!.push(await peer.run(counts.get(peer)!));
  }
  for (const peer of peers) await peer.close();
  const times = peers.map((peer) => [peer.name, median(timings.get(peer)!.map(({ cpuMs }) => cpuMs))] as const);
  return { of, description: peers.map(({ description }) => description), ms: Object.fromEntries(times) };
}

function torchPeer(torch: TorchWorker, of: ConvCase, layout: (typeof LAYOUTS)[number]): Peer {
  return {
    name: layout,
    description: torch.description,
    run: (runs) => torch.time(JSON.stringify({ of, layout, runs })),
    close: () => Promise.resolve(),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ write: { type: 'boolean', default: false }, threads: { type: 'string', default: '1' } },
      ...{ runs: { type: 'string', default: '5' } },
      python: { type: 'string', default: process.env['ARISTARCH_PYTHON'] ?? 'python3' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const options = { threads: Number(values.threads), runs: Number(values.runs), python: values.python };
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const opened = await openTorch(SCRIPT, { threads: options.threads }, options.python);
  if (typeof opened === 'string') console.error(opened);
  const torch = typeof opened === 'string' ? null : opened;
  const results: CaseResult[] = [];
  const kinds = ['forward', 'byImage', 'byKernel'] as const;
  const cases: { readonly kind: CaseKind; readonly shape: ConvShape }[] = [
    ...SHAPES.flatMap((shape) => kinds.map((kind) => ({ kind, shape }))),
    ...SHAPES.map((shape) => ({ kind: 'layers' as const, shape })),
    ...STEPS.map((shape) => ({ kind: 'step' as const, shape })),
  ];
  for (const { kind, shape } of cases) results.push(await measure(kind, shape, options, torch));
  await torch?.close();
  const binding = await measureBinding(options.threads, options.runs);
  const page = convPage({ machine, ...options, results, binding });
  if (values.write) await writeDocument('bench-conv.md', page.text);
  console.log(values.json ? JSON.stringify({ machine, ...options, results, binding }, null, 2) : page.text);
  if (page.missed > 0) process.exitCode = 1;
}

await main();
