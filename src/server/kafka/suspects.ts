import { type AristarchError, toAristarchError } from '../../base/errors.ts';

/** Waits before those that have failed alone are tried again: three seconds in all, in which heartbeats go on. */
const WAITS_MS: readonly number[] = [200, 400, 800, 1_600];

export interface Suspect<I> {
  readonly item: I;
  readonly reason: AristarchError;
}

export interface TrialParts<I, R> {
  /** Scores one alone; rejects with what the model fails with. */
  readonly attempt: (item: I) => Promise<R>;
  /** Whether the model has scored it: some are refused before. */
  readonly isScored: (outcome: R) => boolean;
  /** Whether a failure may be one item's; any other one ends the trial. */
  readonly mayBeOfItem: (reason: AristarchError) => boolean;
  readonly wait: (ms: number) => Promise<unknown>;
}

/**
 * Tries each item alone. Those that fail are tried again after growing waits, because a fault that passes may hit any of them. What is left
 * at last has failed five times, while one of the others, the witness, was scored before each round and after the last: the fault is the
 * item's own. Throws what the model fails with where it fails at all of them, or at the witness too.
 */
export async function trySingly<I, R>(
  items: readonly I[],
  parts: TrialParts<I, R>,
): Promise<{ readonly outcomes: readonly R[]; readonly suspects: readonly Suspect<I>[] }> {
  const { attempt, isScored, wait } = parts;
  /** Throws the suspects' reason where it is not scored: then nothing is proven against them. */
  const ask = async (witness: I, reason: AristarchError): Promise<void> => {
    if (!isScored(await attempt(witness))) throw reason;
  };
  const first = await tryEach(items, parts);
  const { witness } = first;
  const outcomes = [...first.outcomes];
  let { suspects } = first;
  for (const ms of WAITS_MS) {
    if (suspects.length === 0) break;
    if (witness === undefined) throw suspects[0]!.reason;
    await wait(ms);
    await ask(witness, suspects[0]!.reason);
    const again = await tryEach(
      suspects.map(({ item }) => item),
      parts,
    );
    outcomes.push(...again.outcomes);
    suspects = again.suspects;
  }
  if (suspects.length > 0 && witness !== undefined) await ask(witness, suspects[0]!.reason);
  return { outcomes, suspects };
}

async function tryEach<I, R>(items: readonly I[], { attempt, isScored, mayBeOfItem }: TrialParts<I, R>) {
  const outcomes: R[] = [];
  const suspects: Suspect<I>[] = [];
  let witness: I | undefined;
  for (const item of items) {
    try {
      const outcome = await attempt(item);
      outcomes.push(outcome);
      if (isScored(outcome)) witness = item;
    } catch (thrown) {
      const reason = toAristarchError(thrown);
      if (!mayBeOfItem(reason)) throw reason;
      suspects.push({ item, reason });
    }
  }
  return { outcomes, suspects, witness };
}
