import { execFileSync } from 'node:child_process';
import { markdownTable, readResult, writeDocument } from '../support/documents.ts';
import type { Memory } from './memory.ts';
import type { Mlserver } from './mlserver.ts';
import { OFFERS, type Overload } from './overload.ts';
import type { Compared, Dense, HalfLoad } from './parts.ts';
import { BARS, checkBars, type Check } from './bars.ts';
import type { Summary } from './measure.ts';
import { WAYS, type Ways, type WaysName } from './ways.ts';

/** What the bench measured; parts that were not asked for are absent. */
export interface Result {
  readonly machine: string;
  /** Mean number of processes that wanted to run in the minute before: above 0, figures are lower than on a quiet machine. */
  readonly loadBefore: number;
  readonly rounds: number;
  readonly seconds: number;
  unary?: readonly Compared[];
  /** Milliseconds of ONNX Runtime alone for one row. */
  oneRow?: number;
  stream?: Compared;
  dense?: Dense;
  halfLoad?: HalfLoad;
  overload?: Overload[];
  start?: { readonly median: number; readonly slowest: number };
  memory?: Memory;
  mlserver?: Mlserver;
  workers?: Ways;
  inference?: Ways;
  /** The commit that each part was measured at; none where nobody wrote it down. */
  builds?: Readonly<Record<string, string>>;
  /** The commit that parts were last measured at. */
  build?: string;
}

export function failures(result: Result): Check[] {
  return checkBars(result).filter(({ met }) => !met);
}

const rate = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** For people; and what machines ask for by name. */
export function describe(result: Result) {
  const { unary } = result;
  const { machine, rounds, seconds, loadBefore } = result;
  const busy = `load of the machine before it began: ${loadBefore.toFixed(1)}`;
  const conditions = `${machine}; medians of ${rounds} runs of ${seconds} s; ${busy}.`;
  const text = [conditions, ...(result.builds ? [describeBuilds(result, result.builds)] : []), ...tables(result)];
  return {
    ...result,
    ...(unary && { unaryRatioToEcho: Math.min(...unary.map(({ ratio }) => ratio)) }),
    bars: checkBars(result),
    text: text.join('\n\n'),
  };
}

function tables(result: Result): string[] {
  const { unary, oneRow, stream, dense, halfLoad, overload, start, memory, mlserver } = result;
  const compared = [...(unary ?? []), ...(stream ? [stream] : []), ...(dense ? [dense] : [])];
  return [
    ...(compared.length > 0 ? [tabulateCompared(compared)] : []),
    ...(unary && oneRow !== undefined ? [describeOneRow(unary[0]!, oneRow)] : []),
    ...(dense ? [describeDense(dense)] : []),
    ...(halfLoad ? [describeHalfLoad(halfLoad)] : []),
    ...(overload ? [tabulateOverload(overload)] : []),
    ...(start ? [`Start to SERVING: ${start.median.toFixed(2)} s, the slowest ${start.slowest.toFixed(2)} s.`] : []),
    ...(memory ? [describeMemory(memory)] : []),
    ...(mlserver ? [tabulateMlserver(mlserver)] : []),
    ...WAYS_NAMES.flatMap((name) => (result[name] ? [tabulateWays(name, result[name])] : [])),
    ...(checkBars(result).length > 0 ? [tabulateBars(result)] : []),
  ];
}

const spread = ({ perSecond, lowest, highest }: Summary): string =>
  `${rate(perSecond)} (${rate(lowest)} to ${rate(highest)})`;
const latency = ({ p50, p99 }: Summary): string => `${p50.toFixed(2)} / ${p99.toFixed(1)}`;

function tabulateCompared(compared: readonly Compared[]): string {
  const rows = compared.map(({ name, echo, aristarch, ratio, cpuRatio }) => [
    ...[name, spread(echo), spread(aristarch), ratio.toFixed(2), latency(echo), latency(aristarch)],
    ...[`${echo.cpuMicroseconds.toFixed(0)} / ${aristarch.cpuMicroseconds.toFixed(0)} (${cpuRatio.toFixed(2)})`],
  ]);
  const header = ['', 'echo, a second', 'Aristarch, a second', 'ratio', 'echo p50 / p99, ms', 'p50 / p99, ms'];
  return markdownTable([...header, "server's CPU, µs a call: echo / Aristarch"], rows);
}

/** What one caller can have at most: the echo's time and the engine's, one after the other. */
function describeOneRow({ echo }: Compared, oneRow: number): string {
  const echoMs = 1000 / echo.perSecond;
  const most = echoMs / (echoMs + oneRow);
  return (
    `ONNX Runtime alone takes ${oneRow.toFixed(2)} ms for one row, the echo ${echoMs.toFixed(2)} ms for one caller's call: a server that ` +
    `added nothing to both would answer ${most.toFixed(2)} of the echo's calls.`
  );
}

function describeDense({ name, aristarch, engineRows, ratioToEngine }: Dense): string {
  const rows = ratioToEngine * engineRows;
  return (
    `Dense batches of ${name} features: ${rate(rows)} rows a second (${rate(aristarch.perSecond)} calls); ONNX Runtime alone, ` +
    `one thread, ${rate(engineRows)}: ${(100 * ratioToEngine).toFixed(0)} %.`
  );
}

function describeHalfLoad({ perSecond, echo, aristarch, p99Times }: HalfLoad): string {
  return (
    `At half load (${rate(perSecond)} calls a second at random times): p99 ${aristarch.p99.toFixed(2)} ms, the echo's ` +
    `${echo.p99.toFixed(2)} ms: ${p99Times.toFixed(2)} times; p50 ${aristarch.p50.toFixed(2)} and ${echo.p50.toFixed(2)} ms.`
  );
}

function tabulateOverload(overload: readonly Overload[]): string {
  const pinned = overload.every((each) => each.pinned === true)
    ? 'Overload, server and client kept to a core each:\n\n'
    : '';
  const rows = overload.flatMap(({ rows: count, deadlineMs, peak, offers }) =>
    offers.map(({ times, goodput, share, accepted, tooLate, refused, unsent, p50 }) => [
      ...[String(count), String(deadlineMs), rate(peak), `${times}x`, rate(goodput), `${(100 * share).toFixed(0)} %`],
      ...[rate(accepted), String(tooLate), rate(refused), rate(unsent), p50.toFixed(1)],
    ]),
  );
  const header = ['rows a call', 'deadline, ms', 'peak, calls a second', 'offered', 'in time', 'share', 'accepted'];
  const table = markdownTable([...header, 'of these over a tenth late', 'refused', 'never sent', 'p50, ms'], rows);
  return [pinned + table, ...overload.map(describeFirst)].join('\n\n');
}

function describeFirst({ rows, firstShare, firstSeconds }: Overload): string {
  const times = Math.max(...OFFERS);
  return (
    `Before that, in the first ${firstSeconds} s in which the process had ${times} times the peak of calls of ${rows} row${rows === 1 ? '' : 's'}, while the ` +
    `compiler was at work on code that is run under overload alone: ${(100 * firstShare).toFixed(0)} % of the peak in time.`
  );
}

function describeMemory({ rows, mebibytes }: Memory): string {
  return `Memory over ${rate(rows)} rows, MiB after each tenth: ${mebibytes.map((each) => each.toFixed(0)).join(', ')}.`;
}

function tabulateMlserver({ version, results }: Mlserver): string {
  const rows = results.map(({ name, mlserver, infer, score, times }) => [
    ...[name, spread(mlserver), spread(infer), times.toFixed(1), spread(score)],
    ...[mlserver, infer, score].map(latency),
  ]);
  const header = ['', 'MLServer, a second', 'Aristarch, the same bytes', 'times', 'Aristarch, `Score`'];
  const latencies = ['MLServer p50 / p99, ms', 'the same bytes', '`Score`'];
  const about = `Beside MLServer ${version} with the same \`critic.onnx\`, one row a call:`;
  return `${about}\n\n${markdownTable([...header, ...latencies], rows)}`;
}

const WAYS_NAMES = Object.keys(WAYS) as WaysName[];

const ABOUT_WAYS: { readonly [N in WaysName]: string } = {
  workers: 'By one process and by two that share the port ([workers.md](workers.md)), clients on the same cores',
  inference: 'By where inferences are computed ([inference.md](inference.md))',
};

function tabulateWays(name: WaysName, { loadBefore, rounds, seconds, ways }: Ways): string {
  const rows = ways.map(({ load, way, summary, times }) => [
    ...[`${load}, \`${way}\``, spread(summary), times.toFixed(2), latency(summary), summary.cpuMicroseconds.toFixed(0)],
  ]);
  const header = ['', 'calls a second', 'times the first', 'p50 / p99, ms', "server's CPU, µs a call"];
  const about = `${ABOUT_WAYS[name]}; medians of ${rounds} runs of ${seconds} s, load before ${loadBefore.toFixed(1)}:`;
  return `${about}\n\n${markdownTable(header, rows)}`;
}

function tabulateBars(result: Result): string {
  const checks = checkBars(result);
  const rows = checks.map(({ part, name, value, bar, met }) => [
    ...[name, value, bar, met ? 'met' : 'MISSED'],
    ...(result.build === undefined ? [] : [describeBuild(result.builds?.[part], result.build)]),
  ]);
  return markdownTable(['bar', 'measured', 'wanted', '', ...(result.build === undefined ? [] : ['at'])], rows);
}

/** A bar that was met once says nothing of what was built since. */
function describeBuild(build: string | undefined, last: string): string {
  if (build === last) return `commit ${build}`;
  return `${build === undefined ? 'an earlier build' : `commit ${build}`}; not measured on ${last}`;
}

/** What a part is called on the page, by its key. */
const PARTS: Readonly<Record<string, string>> = {
  ...{ unary: 'calls of one row', stream: 'streams', dense: 'dense batches', halfLoad: 'half load' },
  ...{ overload: 'overload', start: 'start', memory: 'memory', mlserver: 'MLServer' },
  ...{ workers: 'workers', inference: 'where inferences are computed' },
};

/** Which parts were measured at which commit: a page of several builds says so. */
function describeBuilds(result: Result, builds: Readonly<Record<string, string>>): string {
  const byBuild = new Map<string, string[]>();
  for (const [key, name] of Object.entries(PARTS)) {
    if (!Object.hasOwn(result, key)) continue;
    const build = builds[key] === undefined ? 'earlier builds' : `commit ${builds[key]}`;
    byBuild.set(build, [...(byBuild.get(build) ?? []), name]);
  }
  const parts = [...byBuild].map(([build, names]) => `at ${build}: ${names.join(', ')}`);
  return `Measured ${parts.join('; ')}.`;
}

/** The last commit that changed what is served. */
function currentBuild(): string {
  const git = (...args: string[]): string => execFileSync('git', [...args, '--', 'src'], { encoding: 'utf8' }).trim();
  const commit = git('log', '-1', '--format=%h', '--abbrev=10');
  return git('status', '--porcelain') === '' ? commit : `${commit} and changes`;
}

/** Keeps what was measured before and not now. */
export async function writePage(measured: Result): Promise<void> {
  const before = (await readResult('serving-speed.json')) as Partial<Result> | undefined;
  const { machine, loadBefore, rounds, seconds, ...parts } = measured;
  const conditions = { machine, loadBefore, rounds, seconds };
  // Ways of starting the server say by themselves under which conditions they were measured.
  const isAside = before !== undefined && Object.keys(parts).every((part) => Object.hasOwn(WAYS, part));
  const build = currentBuild();
  const builds = { ...before?.builds, ...Object.fromEntries(Object.keys(parts).map((part) => [part, build])) };
  const result: Result = { ...conditions, ...before, ...(isAside ? parts : measured), builds, build };
  await writeDocument('serving-speed.json', JSON.stringify(result));
  await writeDocument('serving-speed.md', `${INTRODUCTION}\n\n## Figures\n\n${describe(result).text}\n`);
}

const INTRODUCTION = `# How fast the server is

\`npm run bench:serve\` measures the command \`serve\` over loopback, on a model of the default preset with 64 features (two critics
64-256-256-1 over 256 Fourier features). The client ([bench/serve/load.ts](../bench/serve/load.ts)) sends the bytes of a request over
node:http2 from a process of its own, and costs about as much as the echo does and more than the server: on two cores it is a part of what is measured, of both alike, and from some
callers on the most of it. Beside the server:

- **echo**: a bare grpc-js server as it comes ([bench/serve/echo.ts](../bench/serve/echo.ts)) that takes the same request bytes and
  answers the same response bytes without looking at either: the floor of the transport;
- **ONNX Runtime alone**: the same \`critic.onnx\` on one thread, in a loop, with no network and nothing of ours;
- **MLServer** ([bench/serve/mlserver.ts](../bench/serve/mlserver.ts)), Python's inference server: the same \`critic.onnx\` behind the Open
  Inference Protocol, in one process (its workers make it slower on two cores); both servers are sent the same \`ModelInfer\` bytes.

Both servers are warmed up for some seconds first, for an overload by one. Runs are interleaved, so that what else the machine does falls on all alike; medians are shown, and the lowest and the highest run. The
processor time is the server's alone. Overload comes from another client ([bench/serve/wire.ts](../bench/serve/wire.ts)), which writes the
frames of HTTP/2 by itself and costs about 7 microseconds a call, so that one core can offer several times what the server on the
other bears: the peak is the most that 16, 100 or 400 callers got who wait for their answers; calls then come at random times at a multiple of it, each
counted from when it was due, and asked regardless of refusals. Accepted is what the server did not refuse (\`RESOURCE_EXHAUSTED\`);
an accepted call is late however it ends. Server and client keep to a core each meanwhile, where the system has \`taskset\`: else the one that is idle at the
peak lends its core to the other, which it cannot do under overload. A call is never sent where the server lets no more of them in at once and its deadline passes
meanwhile, as with every gRPC client. The bars are those that the project set itself for two cores, clients included; the command
exits with 1 where one is missed. \`--write\` writes this page. Bars in full: at least ${BARS.unary} of the echo's unary calls; dense
batches at least ${BARS.dense} of ONNX Runtime alone; p99 at half load under ${BARS.halfLoad} times the echo's; at three times the capacity a
goodput of at least ${BARS.goodput} of the peak and no accepted call more than a tenth of its deadline late.`;
