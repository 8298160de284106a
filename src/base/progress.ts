import { MultiBar, Presets } from 'cli-progress';
import type { Terminal } from './terminal.ts';

/** How far a long piece of work is; shown on standard error. */
export interface Progress {
  /** `done` units in all so far; `remark` stands behind the numbers ("critic 0.31"). */
  update(done: number, remark?: string): void;
  /** A line for people that does not disturb the bar. */
  log(line: string): void;
  /** Ends the bar, and says the last figures where no bar was drawn. */
  finish(): void;
}

export interface ProgressOptions {
  /** "training", "scoring". */
  readonly label: string;
  /** Plural noun of what is counted: "steps", "rows". */
  readonly unit: string;
  /** How many units there will be; absent where nobody knows. */
  readonly total?: number;
  /** Say nothing at all. */
  readonly quiet?: boolean;
  /** Where no bar can be drawn: the least time between two lines. */
  readonly linesEveryMs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

const SILENT: Progress = { update: () => undefined, log: () => undefined, finish: () => undefined };

/** A bar where a person watches a terminal, a line now and then elsewhere (logs, CI), nothing where it is not wanted. */
export function createProgress(terminal: Terminal, options: ProgressOptions): Progress {
  if (options.quiet === true) return SILENT;
  return terminal.interactive && options.total !== undefined
    ? createBar(terminal, options, options.total)
    : createLines(terminal, options);
}

function createBar(terminal: Terminal, options: ProgressOptions, total: number): Progress {
  const clock = createClock(options);
  const bars = new MultiBar(
    {
      stream: terminal.stderr,
      // No colours: a line is cut at the terminal's width, and a cut colour would stay on.
      format: `${options.label} {bar} {percentage}% {value}/{total} ${options.unit} {rate}/s, {left} left {remark}`,
      clearOnComplete: false,
      // Neither the cursor nor line wrapping is switched off: Ctrl-C would leave the terminal that way.
      hideCursor: false,
      linewrap: true,
      barsize: 24,
    },
    Presets.shades_classic,
  );
  const bar = bars.create(total, 0, { rate: '-', left: '-', remark: '' });
  let finished = false;
  return {
    update(done, remark = '') {
      const figures = { rate: showCount(clock.rate(done)), left: clock.left(done, total) };
      bar.update(Math.min(done, total), { ...figures, remark });
    },
    log(line) {
      bars.log(`${line}\n`);
      // Else the line waits for the next drawing, and is lost where there is none.
      if (!finished) bars.update();
    },
    finish() {
      if (!finished) bars.stop();
      finished = true;
    },
  };
}

function createLines(terminal: Terminal, options: ProgressOptions): Progress {
  const clock = createClock(options);
  const every = options.linesEveryMs ?? 5000;
  const write = (line: string) => void terminal.stderr.write(`${line}\n`);
  let last = { done: 0, remark: '' };
  let saidAt = clock.elapsedMs();
  let saidDone = 0;
  const say = () => {
    saidAt = clock.elapsedMs();
    saidDone = last.done;
    const { total } = options;
    const of = total === undefined ? '' : ` of ${showCount(total)}`;
    const left = total === undefined || last.done >= total ? '' : `, ${clock.left(last.done, total)} left`;
    const remark = last.remark === '' ? '' : `, ${last.remark}`;
    write(
      `${options.label}: ${showCount(last.done)}${of} ${options.unit}, ${showCount(clock.rate(last.done))}/s${left}${remark}`,
    );
  };
  return {
    update(done, remark = '') {
      last = { done, remark };
      if (clock.elapsedMs() - saidAt >= every) say();
    },
    log: write,
    finish() {
      if (saidDone !== last.done) say();
    },
  };
}

function createClock({ now = () => performance.now() }: ProgressOptions) {
  const startedAt = now();
  const elapsedMs = () => now() - startedAt;
  const rate = (done: number) => done / Math.max(elapsedMs() / 1000, 1e-3);
  const left = (done: number, total: number) => (done === 0 ? '-' : showSeconds((total - done) / rate(done)));
  return { elapsedMs, rate, left };
}

/** 1234567 -> "1,234,567"; below 100 one decimal where it matters. */
export function showCount(count: number): string {
  const digits = count >= 100 || Number.isInteger(count) ? 0 : 1;
  return count.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** 75 -> "1m15s". */
export function showSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')}m`;
}
