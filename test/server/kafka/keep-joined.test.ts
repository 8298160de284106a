import { describe, expect, it } from '@jest/globals';
import { type Logger, pino } from 'pino';
import { AristarchError } from '../../../src/base/errors.ts';
import type { ConsumerEvent, KafkaClient } from '../../../src/server/kafka/port.ts';
import { startNumberScoring } from '../../support/kafka-scoring.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { createBatch, createMemoryClient } from './memory-kafka.ts';

const TOPICS = { topicIn: 'events', topicOut: 'scores', deadLetterTopic: 'dead', groupId: 'judges' };
const REFUSED = new AristarchError('PRECONDITION_FAILED', 'the broker refuses the user name or password');

interface Faults {
  readonly asked?: AristarchError[];
  readonly run?: AristarchError[];
  /** How the first consumer stops. */
  readonly stop?: () => Promise<void>;
  /** Consumers run, and the group never takes them in. */
  readonly neverJoins?: boolean;
}

/** A client whose consumers tell what the test says; its questions and its consumers' starts fail while faults are left. */
function createFaultyClient(faults: Faults) {
  const consumers: { tell: (event: ConsumerEvent) => void; stopped: boolean }[] = [];
  const failing = (list: AristarchError[] | undefined) => {
    const fault = list?.shift();
    return fault === undefined ? Promise.resolve() : Promise.reject(fault);
  };
  const client: KafkaClient = {
    ...createMemoryClient(createBatch([])).client,
    findMissingTopics: () => failing(faults.asked).then(() => []),
    openConsumer: (tell) => {
      const consumer = { tell, stopped: false };
      consumers.push(consumer);
      return {
        run: () =>
          failing(faults.run)
            .then(() => faults.neverJoins || tell({ kind: 'joined', partitions: [0] }))
            .then(),
        stop: () => {
          consumer.stopped = true;
          return consumer === consumers[0] ? (faults.stop?.() ?? Promise.resolve()) : Promise.resolve();
        },
      };
    },
  };
  return { client, consumers };
}

function start(client: KafkaClient, startTimeoutMs?: number, log: Logger = pino({ enabled: false })) {
  return startNumberScoring(['unused:1'], TOPICS, {
    log,
    openClient: () => Promise.resolve(client),
    config: { startTimeoutMs },
  });
}

describe('Kafka that is not to be had', () => {
  it.each([
    ['refuses us', { asked: [REFUSED] }],
    ['is lost while we join', { run: [new AristarchError('UNAVAILABLE', 'Kafka does not answer')] }],
    ['throws what nobody knows', { run: [new AristarchError('INTERNAL', 'a fault of ours')] }],
  ])('is joined later where it %s, and the process goes on', async (_, faults) => {
    const fault = Object.values(faults)[0]![0]!;
    const { client, consumers } = createFaultyClient(faults);
    const scoring = start(client);
    await waitUntil('the reason', () => scoring.readiness().reason === `not joined to Kafka yet: ${fault.message}`);
    const { body } = await scoring.metrics.render();
    expect(body).toMatch(/^aristarch_kafka_retries_total\{operation="join"\} 1$/m);
    expect(body).toMatch(/^aristarch_kafka_consumer_up\{topic="events"\} 0$/m);
    await scoring.started;
    expect(scoring.readiness()).toEqual({ ready: true });
    await scoring.stop();
    expect(consumers.map(({ stopped }) => stopped)).toEqual(consumers.map(() => true));
    expect(scoring.fatal).toEqual([]);
  });

  it('is joined anew by another consumer where one has given up', async () => {
    const { client, consumers } = createFaultyClient({});
    const scoring = start(client, 1);
    await scoring.started;
    consumers[0]!.tell({ kind: 'crashed', restarts: false, error: REFUSED });
    expect(scoring.readiness().reason).toBe(`lost Kafka: ${REFUSED.message}`);
    await waitUntil('it to be back', () => scoring.readiness().ready);
    expect([consumers.length, consumers[0]!.stopped, scoring.fatal]).toEqual([2, true, []]);
    await scoring.stop();
  });

  it('says why it was lost, and is joined anew, where what was lost does not end well', async () => {
    const { client, consumers } = createFaultyClient({ stop: () => Promise.reject(new Error('socket closed')) });
    const lines: string[] = [];
    const scoring = start(client, undefined, pino({}, { write: (line) => void lines.push(line) }));
    await scoring.started;
    consumers[0]!.tell({ kind: 'crashed', restarts: false, error: REFUSED });
    await waitUntil('it to be back', () => consumers.length === 2 && scoring.readiness().ready);
    expect(lines.join()).toContain(`lost Kafka: ${REFUSED.message}`);
    expect(lines.join()).toContain('did not end well: socket closed');
    await scoring.stop();
  });

  it('ends scoring where the start is limited and the group takes nobody in', async () => {
    const { client, consumers } = createFaultyClient({ neverJoins: true });
    const scoring = start(client, 200);
    await expect(scoring.started).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('the group gives the process no place'),
    });
    expect(consumers[0]!.stopped).toBe(true);
    await scoring.stop();
  });

  it('ends scoring where the start is limited, with the code and the words of the last fault', async () => {
    const { client } = createFaultyClient({ asked: [REFUSED] });
    const scoring = start(client, 100);
    const error = {
      code: 'PRECONDITION_FAILED',
      message: `Kafka was not joined within 100 ms; the last attempt: ${REFUSED.message}`,
    };
    await expect(scoring.started).rejects.toMatchObject(error);
    expect(scoring.fatal).toMatchObject([error]);
    await scoring.stop();
  });
});
