import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startChild } from './serve/child.ts';
import { measureDevices, parseDevices, writeDevicesPage, describeDevices } from './serve/devices.ts';
import { trainedModel } from './serve/model.ts';
import { measureMemory } from './serve/memory.ts';
import { findMlserver, measureMlserver } from './serve/mlserver.ts';
import { measureOverload, OVERLOADS } from './serve/overload.ts';
import * as parts from './serve/parts.ts';
import { describe, failures, writePage, type Result } from './serve/result.ts';
import { startAristarch, startEcho } from './serve/servers.ts';
import { measureStart } from './serve/start.ts';
import { measureWays, WAYS, type WaysName } from './serve/ways.ts';

const HELP = `npm run bench:serve [-- OPTIONS]

How fast the server is, over loopback, beside a bare grpc-js echo of the same messages and ONNX Runtime alone. Model of the default
preset with 64 features; client, echo and server each have a process of their own; runs are interleaved and medians shown.
The exit code is 1 where a bar is missed.

  --only PARTS     of unary, stream, dense, half-load, overload, start, mlserver, memory, workers, inference; all
                   but the last three when absent. mlserver is left
                   out where the Python of ARISTARCH_PYTHON, else python3, has none: pip install mlserver 'uvloop<0.22' onnxruntime
  --rounds N       runs of each measurement; 5
  --seconds N      of each run; 2
  --rows N         rows of the part memory; 10000000
  --device D       device that the server scores on: cpu, webgpu, cuda or tfjs, or several of them, separated by commas. Another than cpu:
                   calls of one row and dense ones on each; no bars, and the page is docs/serving-devices.md
  --serve-args A   more flags for the server, separated by blanks
  --write          write docs/serving-speed.json and docs/serving-speed.md; parts that were not measured stay
  --json           the result as JSON on standard output`;

const MAIN_PARTS = ['unary', 'stream', 'dense', 'half-load', 'overload', 'start', 'mlserver'] as const;
/** Each starts servers of its own. */
const WAYS_PARTS = Object.keys(WAYS) as WaysName[];
const PARTS: readonly string[] = [...MAIN_PARTS, 'memory', ...WAYS_PARTS];

const MACHINE = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;

async function measure(stage: parts.Stage, only: ReadonlySet<string>, rows: number): Promise<Result> {
  const tell = <T>(part: string, value: T): T => {
    console.error(`${part}: done`);
    return value;
  };
  const loadBefore = loadavg()[0]!;
  const result: Result = { machine: MACHINE, loadBefore, rounds: stage.rounds, seconds: stage.seconds };
  if (only.has('start')) result.start = tell('start', await measureStart(stage.folder, stage.rounds));
  if ([...only].some((part) => part !== 'start' && !Object.hasOwn(WAYS, part))) await parts.warmUp(stage);
  if (only.has('unary')) {
    result.unary = tell('unary', await parts.measureUnary(stage));
    result.oneRow = await parts.measureOneRow(stage);
  }
  if (only.has('stream')) result.stream = tell('stream', await parts.measureStream(stage));
  if (only.has('dense')) result.dense = tell('dense', await parts.measureDense(stage));
  if (only.has('half-load')) {
    const busiest = (result.unary ?? (await parts.measureUnary(stage))).map(({ aristarch }) => aristarch.perSecond);
    result.halfLoad = tell('half-load', await parts.measureHalfLoad(stage, Math.max(...busiest)));
  }
  if (only.has('overload')) {
    result.overload = [];
    for (const { rows: each, deadlineMs } of OVERLOADS) {
      result.overload.push(tell('overload', await measureOverload(stage, each, deadlineMs)));
    }
  }
  if (only.has('mlserver')) {
    const python = process.env['ARISTARCH_PYTHON'] ?? 'python3';
    const version = findMlserver(python);
    if (version === undefined) console.error(`mlserver: left out, as ${python} has not both mlserver and onnxruntime`);
    else result.mlserver = tell('mlserver', await measureMlserver(stage, python, version));
  }
  for (const name of WAYS_PARTS) if (only.has(name)) result[name] = tell(name, await measureWays(stage, name));
  if (only.has('memory')) result.memory = tell('memory', await measureMemory(stage, rows));
  return result;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ write: { type: 'boolean', default: false }, only: { type: 'string', default: MAIN_PARTS.join() } },
      ...{ rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '2' } },
      ...{ rows: { type: 'string', default: '10000000' }, 'serve-args': { type: 'string', default: '' } },
      device: { type: 'string', default: 'cpu' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const only = new Set(values.only.split(','));
  const unknown = [...only].filter((part) => !PARTS.includes(part));
  if (unknown.length > 0) throw new Error(`--only has ${unknown.join(', ')}; the parts are ${PARTS.join(', ')}`);
  const folder = await trainedModel();
  const serveArgs = values['serve-args'].split(' ').filter((arg) => arg !== '');
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (values.device !== 'cpu') {
    const plan = { folder, machine: MACHINE, rounds, seconds, args: serveArgs, now: new Date() };
    const results = await measureDevices(parseDevices(values.device), plan);
    if (values.write) await writeDevicesPage(results);
    console.log(values.json ? JSON.stringify(results, null, 2) : describeDevices(results));
    return;
  }
  const stage: parts.Stage = {
    ...{ folder, rounds, seconds },
    ...{ client: startChild('load.ts'), engine: startChild('engine.ts'), echo: await startEcho() },
    aristarch: await startAristarch(folder, serveArgs),
  };
  try {
    const result = await measure(stage, only, Number(values.rows));
    if (values.write) await writePage(result);
    console.log(values.json ? JSON.stringify(describe(result), null, 2) : describe(result).text);
    if (failures(result).length > 0) process.exitCode = 1;
  } finally {
    for (const each of [stage.client, stage.engine, stage.echo, stage.aristarch]) await each.stop();
  }
}

await main();
