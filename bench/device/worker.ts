/** Measures figures on a machine in a process of its own, which can be ended where one takes too long. */
import { answerParent } from '../serve/child.ts';
import type { Figure } from './figures.ts';
import { openMachine, type Machine, type Measured } from './machines.ts';

export interface Question {
  readonly name: Measured;
  readonly python: string;
  /** What to measure; none for what the machine is. */
  readonly figure?: Figure;
  readonly forMs: number;
}

/** What the machine is, or why it is not there. */
export type Hello = Pick<Machine, 'description' | 'hardware' | 'kind'> | { readonly reason: string };

let opening: Promise<Machine | string> | undefined;

async function answer({ name, python, figure, forMs }: Question): Promise<Hello | number> {
  const machine = await (opening ??= openMachine(name, python));
  if (typeof machine === 'string') return { reason: machine };
  const { description, hardware, kind } = machine;
  return figure === undefined ? { description, hardware, kind } : machine.measure(figure, forMs);
}

answerParent(answer);
