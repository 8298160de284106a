import type { KafkaLab } from './kafka-lab.ts';
import type { Topics } from './kafka-scoring.ts';
import { waitUntil } from './wait-until.ts';

/** Events that wait after each filling, unless said: work for some tenths of a second, and none that outlasts a test. */
const WAITING = 1_000;
const KEYS = 7;

/** Events that keep coming as fast as they are done, and no faster: whenever somebody looks, there is work. */
export interface KafkaLoad {
  /** Events that were produced so far: those of numbers 0 ... made - 1. */
  readonly made: number;
  /** Events whose offsets the group has committed, by partition; all partitions are there. */
  committed(): Promise<readonly number[]>;
  isDone(): Promise<boolean>;
  /** Produces what is missing, so that so many events wait again. */
  fill(waiting?: number): Promise<void>;
  /** Goes on filling until the function that it answers is called. */
  keepFull(waiting?: number): () => Promise<void>;
}

/** Of seven keys, each of which has its partition, into a topic that nothing else is produced to. `toValue`: of the event with a number. */
export function createLoad(
  { client }: Pick<KafkaLab, 'client'>,
  { groupId, topicIn }: Topics,
  { partitions, toValue }: { readonly partitions: number; readonly toValue: (number: number) => string },
): KafkaLoad {
  const madeIn = Array.from({ length: partitions }, () => 0);
  const keysIn = madeIn.map((_, partition) => [...Array(KEYS).keys()].filter((key) => key % partitions === partition));
  let made = 0;
  async function committed(): Promise<readonly number[]> {
    const offsets = await client.committed(groupId, topicIn);
    return madeIn.map((_, partition) => offsets.get(partition) ?? 0);
  }
  function make(partition: number) {
    const keys = keysIn[partition]!;
    const key = keys[madeIn[partition]! % keys.length]!;
    madeIn[partition]! += 1;
    made += 1;
    return { key: `key-${key}`, value: toValue(made - 1), partition };
  }
  /** In each partition as many: those of a member that is held up would else be all that wait, and others have nothing to do. */
  async function fill(wanted = WAITING): Promise<void> {
    const events = (await committed()).flatMap((offset, partition) => {
      const missing = Math.ceil(wanted / partitions) - (madeIn[partition]! - offset);
      return Array.from({ length: Math.max(0, missing) }, () => make(partition));
    });
    if (events.length > 0) await client.produce(topicIn, events);
  }
  return {
    get made() {
      return made;
    },
    committed,
    isDone: async () => (await committed()).every((offset, partition) => offset === madeIn[partition]),
    fill,
    keepFull(wanted) {
      let stopped = false;
      const fillOnce = async (): Promise<boolean> => {
        if (!stopped) await fill(wanted);
        return stopped;
      };
      const full = waitUntil('an end of the load', fillOnce, Infinity);
      full.catch(() => undefined);
      return async () => {
        stopped = true;
        await full;
      };
    },
  };
}
