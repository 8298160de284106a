import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaLab } from './kafka-lab.ts';
import type { Topics } from './kafka-scoring.ts';

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
  let made = 0;
  async function committed(): Promise<readonly number[]> {
    const offsets = await client.committed(groupId, topicIn);
    return Array.from({ length: partitions }, (_, partition) => offsets.get(partition) ?? 0);
  }
  const waiting = async (): Promise<number> => made - (await committed()).reduce((total, each) => total + each, 0);
  async function fill(wanted = WAITING): Promise<void> {
    const missing = wanted - (await waiting());
    if (missing <= 0) return;
    const events = Array.from({ length: missing }, (_, i) => {
      const key = (made + i) % KEYS;
      return { key: `key-${key}`, value: toValue(made + i), partition: key % partitions };
    });
    made += missing;
    await client.produce(topicIn, events);
  }
  return {
    get made() {
      return made;
    },
    committed,
    isDone: async () => (await waiting()) === 0,
    fill,
    keepFull(wanted) {
      let stopped = false;
      async function keep(): Promise<void> {
        while (!stopped) {
          await fill(wanted);
          await sleep(20);
        }
      }
      const full = keep();
      full.catch(() => undefined);
      return () => {
        stopped = true;
        return full;
      };
    },
  };
}
