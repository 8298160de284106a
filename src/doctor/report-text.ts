import { showCount } from '../base/progress.ts';
import type { Engines } from '../runtime/engines.ts';
import { describeHardware } from '../runtime/hardware/hardware.ts';
import type { BrokerAnswer } from './brokers.ts';
import type { Graphics } from './graphics.ts';
import type { Machine } from './machine.ts';
import type { DoctorReport } from './report.ts';
import type { SelfTestResult } from './self-test.ts';
import type { Verdict } from './verdict.ts';

type Line = readonly [label: string, text: string];

/** The report for people. */
export function formatReport(report: DoctorReport): string {
  const chapters: [title: string, lines: readonly Line[]][] = [
    ['This machine', describeMachine(report.machine)],
    ['Graphics', describeGraphics(report.graphics)],
    ['Engines', describeEngines(report.engines)],
    ['Devices', report.devices.flatMap(describeVerdict)],
    ['Brokers', report.brokers.map(describeBroker)],
  ];
  return chapters
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => [title, ...lines.map(formatLine)].join('\n'))
    .join('\n\n');
}

/** One device, for people. */
export const formatVerdict = (verdict: Verdict): string => describeVerdict(verdict).map(formatLine).join('\n');

const formatLine = ([label, text]: Line): string => `  ${label.padEnd(14)} ${text}`;

const GIBIBYTE = 2 ** 30;
const showGiB = (bytes: number): string => `${(bytes / GIBIBYTE).toFixed(1)} GiB`;

function describeMachine(machine: Machine): Line[] {
  const { system, node, aristarch, processor, cores, memoryBytes, freeMemoryBytes, freeDiskBytes } = machine;
  return [
    ['system', `${system}, Node ${node}, Aristarch ${aristarch}`],
    ['processor', `${processor}, ${cores} cores for this process`],
    ['memory', `${showGiB(memoryBytes)}, ${showGiB(freeMemoryBytes)} of it free`],
    ['disk', freeDiskBytes === undefined ? 'unknown' : `${showGiB(freeDiskBytes)} free where this runs`],
  ];
}

function describeGraphics({ nvidia, vulkan, renderNodes }: Graphics): Line[] {
  const drivers = vulkan.drivers.length === 0 ? 'no driver' : `drivers ${vulkan.drivers.join(', ')}`;
  return [
    ['NVIDIA', nvidia.gpus.length > 0 ? nvidia.gpus.join('; ') : `none: ${nvidia.absence ?? 'unknown'}`],
    ['kernel driver', nvidia.driver ?? 'none: no /proc/driver/nvidia'],
    ['Vulkan', `${vulkan.loader ?? 'no loader (libvulkan.so.1)'}, ${drivers}`],
    ['render nodes', renderNodes.length > 0 ? renderNodes.join(', ') : 'none in /dev/dri'],
  ];
}

function describeEngines({ onnxruntime, cudaProvider, tfjs }: Engines): Line[] {
  return [
    ['onnxruntime', describeOnnxRuntime(onnxruntime)],
    ['CUDA provider', describeCudaProvider(cudaProvider)],
    ['TF.js', tfjs.length > 0 ? tfjs.join(', ') : 'none of its packages is installed'],
  ];
}

function describeOnnxRuntime({ version, providers, fault }: Engines['onnxruntime']): string {
  const about = version ?? 'not there';
  return fault === undefined ? `${about}, built for ${providers.join(', ')}` : `${about}, DOES NOT LOAD: ${fault}`;
}

function describeCudaProvider({ missing, record }: Engines['cudaProvider']): string {
  if (missing.length > 0) return `not there: ${missing.join(', ')}`;
  return record === undefined ? 'there, by another hand' : `there, ${record.version}`;
}

function describeVerdict(verdict: Verdict): Line[] {
  const label = verdict.device;
  if (!('result' in verdict)) return [[label, `${OUTCOMES[verdict.outcome]}: ${verdict.reason}`]];
  const { result, outcome } = verdict;
  return [
    [label, `${OUTCOMES[outcome]}, ${describeRate(result)}`],
    ['', `computed on ${describeHardware(result.hardware)} by ${result.description}`],
    ['', describeDifference(result)],
    ...result.remarks.map((remark): Line => ['', remark]),
  ];
}

const describeDifference = ({ difference }: SelfTestResult): string =>
  difference === null
    ? 'some scores are no numbers'
    : `scores differ from the CPU's by ${difference.toExponential(1)} at most`;

const OUTCOMES: { readonly [O in Verdict['outcome']]: string } = {
  works: 'works',
  disagrees: 'WRONG SCORES, not to be used',
  refused: 'refused',
  crashed: 'CRASHED',
  silent: 'HANGS',
};

function describeRate({ rowsPerSecond, rows, oneRowMs, startMs }: SelfTestResult): string {
  const rate = `${showCount(Math.round(rowsPerSecond))} rows/s in calls of ${showCount(rows)}`;
  return `${rate}, ${oneRowMs.toFixed(2)} ms a call of one row, ${(startMs / 1000).toFixed(1)} s to start`;
}

function describeBroker({ broker, answers, ms, reason }: BrokerAnswer): Line {
  return [broker, answers ? `answers, in ${ms.toFixed(0)} ms` : `does not answer: ${reason ?? 'unknown'}`];
}
