import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import type { OutboundMessage, ProducerSession } from '../../../src/server/kafka/port.ts';
import { createReliableProducer } from '../../../src/server/kafka/reliable-producer.ts';

const message = (bytes: number): OutboundMessage => ({
  key: null,
  value: Buffer.alloc(bytes),
  headers: {},
  keylessPartition: 0,
});
const unavailable = new AristarchError('UNAVAILABLE', 'gone');

interface SetupOptions {
  readonly limit?: number;
  readonly failAt?: number;
  readonly maxRequestBytes?: number;
  /** What the broker has against a request; nothing where undefined. */
  readonly against?: (topic: string, sizes: readonly number[]) => AristarchError | undefined;
}

/** Sessions that note sizes by session and request; a request may fail, or hold a message above `limit`. */
function setup({
  limit = Infinity,
  failAt = -1,
  maxRequestBytes = 1_000,
  against = () => undefined,
}: SetupOptions = {}) {
  const sessions: number[][][] = [];
  let requests = 0;
  let atWork = 0;
  const openSession = (): Promise<ProducerSession> => {
    const requestsOfSession: number[][] = [];
    sessions.push(requestsOfSession);
    return Promise.resolve({
      async send(topic, messages) {
        expect(atWork++).toBe(0);
        await Promise.resolve();
        atWork -= 1;
        if (requests++ === failAt) throw unavailable;
        const sizes = messages.map(({ value }) => value?.length ?? 0);
        const fault = against(topic, sizes);
        if (fault !== undefined) throw fault;
        if (sizes.some((size) => size > limit)) throw new AristarchError('RESOURCE_EXHAUSTED', 'too large');
        requestsOfSession.push(sizes);
      },
      close: () => Promise.reject(unavailable),
    });
  };
  return { sessions, producer: createReliableProducer({ openSession, maxRequestBytes }) };
}

describe('the reliable producer', () => {
  it('cuts what it sends into requests, and lets no two overlap', async () => {
    const { sessions, producer } = setup();
    const [first, second] = [
      producer.send('t', [400, 400, 400, 400].map(message)),
      producer.send('t', [2_000, 10].map(message)),
    ];
    expect(await first).toEqual([]);
    expect(await second).toEqual([]);
    expect(sessions).toEqual([[[400, 400], [400, 400], [2_000], [10]]]);
  });

  it('throws a session away after a fault, and the fault to its caller; the next send has a new one', async () => {
    const { sessions, producer } = setup({ failAt: 1 });
    await expect(producer.send('t', [600, 700, 800].map(message))).rejects.toBe(unavailable);
    expect(await producer.send('t', [600, 700].map(message))).toEqual([]);
    expect(sessions).toEqual([[[600]], [[600], [700]]]);
  });

  it('finds the messages that are refused for their size, and sends all others once, in order', async () => {
    const { sessions, producer } = setup({ limit: 50, maxRequestBytes: 100_000 });
    const messages = [1, 2, 99, 3, 4, 5, 98].map(message);
    expect(await producer.send('t', messages)).toEqual([messages[2], messages[6]]);
    expect(sessions.flat(2)).toEqual([1, 2, 3, 4, 5]);
  });

  it('sends in one request what comes while another is under way: of one topic, in the order of coming', async () => {
    const { sessions, producer } = setup();
    const answers = [
      producer.send('t', [1, 2].map(message)),
      producer.send('t', [3].map(message)),
      producer.send('t', [4, 5].map(message)),
      producer.send('other', [6].map(message)),
      producer.send('t', [7].map(message)),
      producer.send('t', [990].map(message)),
    ];
    expect(await Promise.all(answers)).toEqual([[], [], [], [], [], []]);
    expect(sessions).toEqual([[[1, 2], [3, 4, 5], [6], [7], [990]]]);
  });

  it('tells each caller of its own messages where some of a common request are refused for their size', async () => {
    const { sessions, producer } = setup({ limit: 50 });
    const [first, second, third] = [[1], [99, 2, 3], [4, 98]].map((sizes) => sizes.map(message));
    const answers = [first!, second!, third!].map((messages) => producer.send('t', messages));
    expect(await Promise.all(answers)).toEqual([[], [second![0]], [third![1]]]);
    expect(sessions.flat(2)).toEqual([1, 2, 3, 4]);
  });

  it('does not let a caller wait for what another one is at fault for', async () => {
    const wrong = new AristarchError('PRECONDITION_FAILED', 'a record without a key');
    const { sessions, producer } = setup({ against: (_, sizes) => (sizes.includes(13) ? wrong : undefined) });
    const answers = [[1], [2], [13], [3]].map((sizes) => producer.send('t', sizes.map(message)));
    expect(await Promise.allSettled(answers)).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'rejected', reason: wrong },
      { status: 'fulfilled' },
    ]);
    expect(sessions.flat(2)).toEqual([1, 2, 3]);
  });

  it('asks a broker that cannot be reached once for all who wait', async () => {
    const { sessions, producer } = setup({ failAt: 1 });
    const answers = [[1], [2], [3]].map((sizes) => producer.send('t', sizes.map(message)));
    expect(await Promise.allSettled(answers)).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: unavailable },
      { status: 'rejected', reason: unavailable },
    ]);
    expect(await producer.send('t', [message(4)])).toEqual([]);
    expect(sessions).toEqual([[[1]], [[4]]]);
  });

  it('sends nothing after it was closed', async () => {
    const { sessions, producer } = setup();
    const before = producer.send('t', [message(1)]);
    await producer.close();
    expect(await before).toEqual([]);
    await expect(producer.send('t', [message(2)])).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(sessions).toEqual([[[1]]]);
  });
});
