import { appendFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import fc from 'fast-check';
import { bytesInUse } from '../../support/bytes-in-use.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** Inputs of a campaign whose share is 1; `npm run fuzz` tries more. */
export const FUZZ_INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 500);
/** The same seed gives the same inputs; fast-check prints the one that fails. */
const FUZZ_SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_101);
/** A file to which each campaign that has passed adds a line of JSON (bench/fuzz.ts). */
const FUZZ_RECORD = process.env['FUZZ_RECORD'];

export interface Campaign<I> {
  readonly entrance: 'gRPC' | 'HTTP' | 'Kafka';
  /** What is sent. */
  readonly what: string;
  readonly inputs: fc.Arbitrary<I>;
  /** Sends one input; answers what came of it, of which there are few (statuses). Throws where it is wrong. */
  readonly send: (input: I) => Promise<string>;
  /** Of `FUZZ_INPUTS`; 1 when absent. */
  readonly share?: number;
  /** What must be as it was once nothing is under way, such as open calls. */
  readonly atRest?: () => Promise<Readonly<Record<string, number>>>;
}

/** What came of a campaign: how often each outcome. */
type Outcomes = Readonly<Record<string, number>>;

/** What a campaign leaves to be written down. */
interface CampaignRecord {
  readonly entrance: Campaign<unknown>['entrance'];
  readonly what: string;
  readonly inputs: number;
  readonly seed: number;
  readonly outcomes: Outcomes;
  readonly seconds: number;
  /** In use after the last two thirds of the inputs beyond what was after the first one. */
  readonly leftBytes: number;
  /** As it was before, and is after. */
  readonly atRest: Readonly<Record<string, number>>;
}

/** More than this after thousands of inputs is a leak; below it are caches of the engine. */
const LEAK_BYTES = 8 * 2 ** 20;

export const inputsOf = (share = 1): number => Math.ceil(FUZZ_INPUTS * share);

/**
 * Sends all inputs. Throws at the first that is answered wrongly, and where something of them stays: memory after the first third of
 * them, or what `atRest` counts.
 */
export async function run<I>({ send, share, inputs, atRest, ...rest }: Campaign<I>): Promise<Outcomes> {
  const outcomes: Record<string, number> = {};
  const property = fc.asyncProperty(inputs, async (input) => {
    const outcome = await send(input);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  });
  const startedMs = performance.now();
  const count = inputsOf(share);
  const third = Math.ceil(count / 3);
  const restBefore = (await atRest?.()) ?? {};
  await fc.assert(property, { numRuns: third, seed: FUZZ_SEED });
  const before = await bytesInUse();
  await fc.assert(property, { numRuns: count - third, seed: FUZZ_SEED + 1 });
  await settle(restBefore, atRest);
  const leftBytes = (await bytesInUse()) - before;
  expect(leftBytes).toBeLessThan(LEAK_BYTES);
  const seconds = (performance.now() - startedMs) / 1000;
  write({ ...rest, inputs: count, seed: FUZZ_SEED, outcomes, seconds, leftBytes, atRest: restBefore });
  return outcomes;
}

/** Waits until all is as it was; what is still at work is given time to end. */
async function settle(before: Readonly<Record<string, number>>, atRest: Campaign<unknown>['atRest']): Promise<void> {
  if (atRest === undefined) return;
  let now: Readonly<Record<string, number>> = {};
  const isAsBefore = async (): Promise<boolean> => {
    now = await atRest();
    return Object.entries(before).every(([name, value]) => now[name] === value);
  };
  await waitUntil('all that was begun to be over', isAsBefore).catch(() => undefined);
  expect(now).toEqual(before);
}

function write(record: CampaignRecord): void {
  if (FUZZ_RECORD !== undefined) appendFileSync(FUZZ_RECORD, `${JSON.stringify(record)}\n`);
}
