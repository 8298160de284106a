/** The size of the critic step that all peers take. */
export interface StepSize {
  readonly batch: number;
  readonly features: number;
  readonly latent: number;
  /** Units of each hidden layer, of the critic and of the generator. */
  readonly hidden: readonly number[];
  /** Rows of the training table. */
  readonly rows: number;
  readonly threads: number;
}

/** Milliseconds a step. */
export interface Timing {
  readonly wallMs: number;
  /** Time of all threads; tells less of the machine's other work than the wall does. */
  readonly cpuMs: number;
}

/** Somebody who takes WGAN-GP critic steps: rows and noise drawn, generator forward, penalty, Adam. */
export interface Peer {
  readonly name: string;
  readonly description: string;
  run(steps: number): Promise<Timing>;
  close(): Promise<void>;
}

/** Times work of this process. */
export async function timed(steps: number, work: () => Promise<void>): Promise<Timing> {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs: (performance.now() - wall) / steps, cpuMs: (user + system) / 1000 / steps };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
