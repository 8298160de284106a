import { KERNEL_FORMS } from '../../src/graph/onnx/kernel-gradient.ts';
import { markdownTable } from '../support/documents.ts';
import type { BindingCost } from './binding.ts';
import { flopsOf, LAYERS, showShape, type CaseKind, type ConvCase } from './cases.ts';

export interface CaseResult {
  readonly of: ConvCase;
  /** Of each peer: engine, version, threads. */
  readonly description: readonly string[];
  /** Median milliseconds of CPU time of each peer. */
  readonly ms: Readonly<Record<string, number>>;
}

export interface ConvResults {
  readonly machine: string;
  readonly threads: number;
  readonly runs: number;
  readonly results: readonly CaseResult[];
  readonly binding: readonly BindingCost[];
}

const TITLES: { readonly [K in CaseKind]: string } = {
  forward: 'forward',
  byImage: 'by the image',
  byKernel: 'by the kernel',
  layers: 'layers in one run',
  step: 'R1 critic step',
};

const torchMs = ({ ms }: CaseResult): number => Math.min(ms['contiguous'] ?? Infinity, ms['channels-last'] ?? Infinity);
/** How many times faster than PyTorch in its faster layout. */
const timesTorch = (result: CaseResult): number => torchMs(result) / result.ms['aristarch']!;
const show = (ms: number | undefined): string => (ms === undefined || !Number.isFinite(ms) ? '-' : ms.toFixed(2));

/** docs/bench-conv.md, and how many of the bars are missed. */
export function convPage({ machine, threads, runs, results, binding }: ConvResults): { text: string; missed: number } {
  const judged = results.filter(({ of }) => of.kind !== 'layers');
  const missed = judged.filter((result) => timesTorch(result) < 1).length;
  const engines = [...new Set(results.flatMap(({ description }) => description))].join(', ');
  const text = `# How long convolutions take

\`npm run bench:conv -- --write\` wrote this page: ${machine}; ${engines}; medians of ${runs} interleaved runs on
${threads === 1 ? 'one thread' : `${threads} threads`} each, in milliseconds of CPU time, which other work on the machine changes least. PyTorch runs eager in each of its
two memory layouts, and the faster one counts. The bar is to be at least as fast: it is missed in ${missed} of ${judged.length} cases.

## One convolution, and its derivatives

A shape is images x channels x height x width to output channels. Milliseconds; GFLOPS are those of Aristarch. Each is put in blocks and back
for itself here, and ONNX Runtime's binding copies its result into a new array; a training step does neither at each convolution. Both peers drop each result before the next
run, and its memory is free again at once: PyTorch's by itself, Aristarch's given back (\`src/base/give-back.ts\`).

${markdownTable(['shape', 'what', 'aristarch', 'GFLOPS', 'PyTorch', 'times PyTorch'], results.filter(isConvolution).map(toRow))}

The derivative by the kernel has no ONNX operator. It is emitted as a matrix product for each pixel of the kernel over shifted
parts of the image, or, for strides, as a convolution of the image by the derivative with batch and channels changed
(\`src/graph/onnx/kernel-gradient.ts\`); and, on a CPU, where channels are whole blocks, as one of ONNX Runtime's own convolutions over strips of images
([decision 0039](decisions/0039-convolutions-in-blocks.md)). Milliseconds of each form where strides are 1, and of what is taken:

${markdownTable(['shape', ...Object.keys(KERNEL_FORMS), 'taken'], results.filter(hasForms).map(toForms))}

## What a result costs on its way to JavaScript

Part of each figure above. The binding of ONNX Runtime for Node (1.30) takes the memory of an input as it is, and copies every result into new, cleared memory; into that of a tensor handed in for it the library
does write, but the binding copies it out again. Milliseconds more than the same run without the result: given back at once, as above, and left to the collector of garbage, on new pages each time.

${markdownTable(['MiB', 'given back', 'left'], binding.map(toBinding))}

## Layers in one run

${LAYERS} layers, one after the other, in one run of each engine, and no part of the bar: the image of each goes through its convolution, what comes out is taken for its derivative, and the derivative by
the image is the next one's image; the answer is the derivatives by all ${LAYERS} kernels and the last image. Three convolutions a layer, as in training, and the image stays inside between them.

${markdownTable(['shape', 'aristarch ms', 'GFLOPS', 'PyTorch ms', 'times PyTorch'], results.filter(({ of }) => of.kind === 'layers').map(toLayers))}

## A whole critic step

Logistic loss on real and generated images, R1 (a second derivative), Adam; 3x3 convolutions and average pooling down to 4 x 4
(\`bench/conv/aristarch.ts\`, \`bench/conv_torch.py\`).

${markdownTable(['size', 'images', 'channels', 'aristarch ms', 'PyTorch ms', 'times PyTorch'], results.filter(({ of }) => of.kind === 'step').map(toStep))}
`;
  return { text, missed };
}

const isConvolution = ({ of }: CaseResult): boolean => of.kind !== 'step' && of.kind !== 'layers';
const hasForms = ({ ms }: CaseResult): boolean => Object.keys(KERNEL_FORMS).some((form) => form in ms);

function toRow(result: CaseResult): string[] {
  const { of, ms } = result;
  const gflops = flopsOf(of) / (ms['aristarch']! * 1e6);
  const figures = [show(ms['aristarch']), gflops.toFixed(0), show(torchMs(result)), show(timesTorch(result))];
  return [showShape(of), TITLES[of.kind], ...figures];
}

const toForms = ({ of, ms }: CaseResult): string[] => [
  showShape(of),
  ...Object.keys(KERNEL_FORMS).map((form) => show(ms[form])),
  show(ms['aristarch']),
];

const toBinding = ({ bytes, givenBackMs, leftMs }: BindingCost): string[] => [
  String(bytes / 2 ** 20),
  show(givenBackMs),
  show(leftMs),
];

function toLayers(result: CaseResult): string[] {
  const { of, ms } = result;
  const gflops = (3 * LAYERS * flopsOf(of)) / (ms['aristarch']! * 1e6);
  const figures = [show(ms['aristarch']), gflops.toFixed(0), show(torchMs(result)), show(timesTorch(result))];
  return [showShape(of), ...figures];
}

function toStep(result: CaseResult): string[] {
  const { of, ms } = result;
  const figures = [show(ms['aristarch']), show(torchMs(result)), show(timesTorch(result))];
  return [`${of.size} px`, String(of.batch), String(of.channels), ...figures];
}
