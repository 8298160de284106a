import type { Endings } from './kafka-endings.ts';
import type { KafkaLab } from './kafka-lab.ts';
import { createLoad } from './kafka-load.ts';
import { createModelFolderFixture } from './model-folder.ts';
import { createWorkersFixture } from './worker-processes.ts';

const PARTITIONS = 2;
/** One event in so many cannot be read. */
const BAD = 50;

/** The numbers below `made` of events that are scored; their score is their number. */
export function toScored(made: number): number[] {
  return Array.from({ length: made }, (_, number) => number).filter((number) => number % BAD !== 0);
}

/** The others, as they come. */
export function toRefused(made: number): string[] {
  return Array.from({ length: Math.ceil(made / BAD) }, (_, i) => badValue(BAD * i));
}

const badValue = (number: number): string => `bad ${number}`;

/** The command `serve` with a real artefact, in small batches, between fresh topics; call in a describe block. */
export function createKafkaServeFixture(lab: KafkaLab): (mode: Pick<Endings, 'exactlyOnce'>) => Promise<Endings> {
  const serve = createWorkersFixture();
  const createFolder = createModelFolderFixture();
  return async ({ exactlyOnce }) => {
    const topics = await lab.createTopics({ partitions: PARTITIONS });
    const model = await (await createFolder()).write('pumps', '1', 1);
    const toValue = (number: number): string =>
      number % BAD === 0 ? badValue(number) : JSON.stringify({ amount: number, colour: 'red', paid: false });
    const flags = [
      ...['--model', model, '--device', 'cpu', '--inference', 'inline'],
      ...['--kafka-brokers', lab.broker.address, '--kafka-client', lab.clientName, '--kafka-group-id', topics.groupId],
      ...['--topic-in', topics.topicIn, '--topic-out', topics.topicOut, '--dead-letter', topics.deadLetterTopic],
      ...['--kafka-session-timeout-ms', '6000', '--kafka-max-batch-events', '20'],
      ...(exactlyOnce ? ['--exactly-once'] : []),
    ];
    const load = createLoad(lab, topics, { partitions: PARTITIONS, toValue });
    return { lab, topics, load, exactlyOnce, start: () => serve(...flags) };
  };
}
