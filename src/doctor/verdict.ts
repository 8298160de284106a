import { spawn } from 'node:child_process';
import { messageOf } from '../base/errors.ts';
import type { Device } from '../runtime/executor.ts';
import type { SelfTestResult } from './self-test.ts';

/** What a device would do here. */
export type Verdict =
  | { readonly device: Device; readonly outcome: 'works' | 'disagrees'; readonly result: SelfTestResult }
  | { readonly device: Device; readonly outcome: 'refused' | 'crashed' | 'silent'; readonly reason: string };

/** A program and its arguments that print a `SelfTestResult` as JSON, or an error as the commands of Aristarch do. */
export type SelfTestCommand = (device: Device) => readonly [string, ...string[]];

/** The same program as this process, asked for one device. */
export const ownSelfTest =
  (seconds: number): SelfTestCommand =>
  (device) => [
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1, 2),
    ...['doctor', '--self-test', device, '--self-test-seconds', String(seconds), '--json'],
  ];

/** Tests a device in a process of its own, which its driver may crash or hang without any harm. */
export async function judgeDevice(device: Device, command: SelfTestCommand, limitMs: number): Promise<Verdict> {
  const [program, ...args] = command(device);
  const ended = await runToEnd(program, args, limitMs);
  if (ended.reason !== undefined) return { device, outcome: 'crashed', reason: ended.reason };
  if (ended.isLate) return { device, outcome: 'silent', reason: `no answer within ${limitMs / 1000} s` };
  if (ended.signal !== null || ended.code === null || ended.code > 1)
    return { device, outcome: 'crashed', reason: describeCrash(ended) };
  if (ended.code === 1) return { device, outcome: 'refused', reason: readRefusal(ended.stderr) };
  try {
    return toVerdict(JSON.parse(answerOf(ended.stdout)) as SelfTestResult);
  } catch (thrown) {
    return { device, outcome: 'crashed', reason: `its answer cannot be read: ${messageOf(thrown)}` };
  }
}

/** The JSON at the end of the output: a driver may have written lines of its own before it. */
const answerOf = (stdout: string): string => stdout.slice(stdout.lastIndexOf('\n{') + 1);

export const toVerdict = (result: SelfTestResult): Verdict => ({
  ...{ device: result.device, outcome: result.agrees ? 'works' : 'disagrees', result },
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly isLate: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be started. */
  readonly reason?: string;
}

function runToEnd(program: string, args: readonly string[], limitMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: process.env });
    let [stdout, stderr, isLate] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, limitMs);
    const end = (rest: Pick<Ended, 'code' | 'signal' | 'reason'>): void => {
      clearTimeout(timer);
      resolve({ ...rest, isLate, stdout, stderr });
    };
    child.once('error', (error) => end({ code: null, signal: null, reason: error.message }));
    child.once('close', (code, signal) => end({ code, signal }));
  });
}

function describeCrash({ code, signal, stderr }: Ended): string {
  const how = signal === null ? `ended with ${String(code)}` : `was ended by ${signal}`;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  return last === '' ? `its process ${how}` : `its process ${how}: ${last}`;
}

/** The message of `--json` on standard error; its last line where that is something else. */
function readRefusal(stderr: string): string {
  const lines = stderr.trim().split('\n');
  for (const line of lines.toReversed()) {
    try {
      return (JSON.parse(line) as { error: { message: string } }).error.message;
    } catch {
      // A line of a driver's own.
    }
  }
  return lines.at(-1) ?? '';
}
