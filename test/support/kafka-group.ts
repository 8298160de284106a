import { setTimeout as sleep } from 'node:timers/promises';
import type { AristarchError } from '../../src/base/errors.ts';
import type { KafkaLab } from './kafka-lab.ts';
import type { RunningScoring, Topics } from './kafka-scoring.ts';
import { waitUntil } from './wait-until.ts';

/** Joining takes a second, and many on a machine that is busy: a member's garbage collection may cost it its place in between. */
const WAIT_MS = 120_000;

/** A group of scorers, of which members come and go while each that is there has events at its model. */
export interface KafkaGroup {
  /** Of each coming and going but the first: events at the model of each member, when the group was to be dealt anew. */
  readonly inFlight: readonly (readonly number[])[];
  join(): Promise<void>;
  /** The one leaves that has been there the longest. */
  leave(): Promise<void>;
  /** Stops all; answers what ended any of them. */
  close(): Promise<readonly AristarchError[]>;
}

interface Member {
  readonly scoring: RunningScoring;
  readonly model: SlowModel;
}

export function createGroup(
  lab: KafkaLab,
  topics: Topics,
  { exactlyOnce }: { readonly exactlyOnce: boolean },
): KafkaGroup {
  const members: Member[] = [];
  const gone: Member[] = [];
  const inFlight: (readonly number[])[] = [];
  const counts = (): number[] => members.map(({ model }) => model.working);
  /** Holds up all models, each with events. */
  async function hold(): Promise<void> {
    for (const { model } of members) model.hold();
    const haveEvents = (): boolean => counts().every((count) => count > 0);
    await waitUntil('each member to have events at its model', haveEvents, WAIT_MS);
  }
  function letGo(): void {
    for (const { model } of members) model.letGo();
  }
  async function dealing(): Promise<void> {
    const isDealing = async (): Promise<boolean> => {
      const { groups } = await lab.client.admin.describeGroups([topics.groupId]);
      return groups[0]?.state === 'PreparingRebalance';
    };
    await waitUntil('the group to be dealt anew', isDealing, WAIT_MS);
  }
  async function begin(): Promise<Member> {
    const model = createSlowModel();
    // A member that is held up by the machine for that long is thrown out, and leaves twins where it is at least once.
    const config = { exactlyOnce, maxBatchEvents: 20, sessionTimeoutMs: 12_000 };
    return { model, scoring: await lab.startScoring(topics, { config, before: model.before }) };
  }
  return {
    inFlight,
    async join() {
      await hold();
      const beginning = begin();
      if (members.length > 0) {
        await dealing();
        inFlight.push(counts());
      }
      letGo();
      members.push(await beginning);
    },
    async leave() {
      await hold();
      const atFirst = counts();
      const leaving = members.shift()!;
      gone.push(leaving);
      const stopping = leaving.scoring.stop();
      leaving.model.letGo();
      await dealing();
      inFlight.push([atFirst[0]!, ...counts()]);
      letGo();
      await stopping;
    },
    async close() {
      for (const { scoring } of members) await scoring.stop();
      return [...gone, ...members].flatMap(({ scoring }) => scoring.fatal);
    },
  };
}

interface SlowModel {
  /** Events that it has been given and not scored yet. */
  readonly working: number;
  readonly before: (rows: Float32Array) => Promise<void>;
  /** It scores nothing until it is let go. */
  hold(): void;
  letGo(): void;
}

function createSlowModel(): SlowModel {
  let working = 0;
  let held = Promise.resolve();
  let letGo = (): void => undefined;
  return {
    get working() {
      return working;
    },
    async before(rows) {
      working += rows.length;
      await sleep(5);
      await held;
      working -= rows.length;
    },
    hold: () => void (held = new Promise((resolve) => (letGo = resolve))),
    letGo: () => letGo(),
  };
}
