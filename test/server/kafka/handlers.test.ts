import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { AristarchError, ERROR_CODES, type ErrorCode } from '../../../src/base/errors.ts';
import { KAFKA_ACTIONS } from '../../../src/server/kafka/actions.ts';
import { createPlainDeliveries } from '../../../src/server/kafka/deliveries.ts';
import { createEventReader } from '../../../src/server/kafka/formats/reader.ts';
import { JSON_RESULTS } from '../../../src/server/kafka/formats/result-format.ts';
import { createBatchHandler } from '../../../src/server/kafka/handlers.ts';
import type { RecordScoring } from '../../../src/server/kafka/port.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { createBatch, createMemoryProducer, type MemoryProducer, routeTo, toScorer } from './memory-kafka.ts';

const CONFIG = {
  topicOut: 'out',
  deadLetterTopic: 'dead',
  cloudEvents: 'off',
  maxBatchEvents: 3,
  pauseMs: 5_000,
} as const;

interface SetupOptions {
  readonly producer?: MemoryProducer;
  readonly explainTopK?: number;
  readonly maxExplainRows?: number;
  /** Called with the rows of each call of the scorer, before it answers. */
  readonly onScore?: (rows: number[]) => void;
}

function setup({ producer = createMemoryProducer(), onScore = () => undefined, ...explaining }: SetupOptions = {}) {
  const calls: number[][] = [];
  const detector = createNumberDetector((rows) => {
    calls.push([...rows]);
    onScore([...rows]);
  });
  const scorer = toScorer(detector);
  const scoring: RecordScoring = {
    acquireForAll: () => Promise.resolve({ scorer, release: () => undefined }),
    route: (records) => routeTo(scorer, records),
  };
  const metrics = createMetrics();
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const handle = createBatchHandler({
    scoring,
    reader: createEventReader({ format: 'json', maxEventBytes: 1000 }),
    results: JSON_RESULTS,
    deliveries: createPlainDeliveries(producer),
    config: { ...CONFIG, ...explaining },
    metrics: metrics.kafka,
    log,
  });
  return { handle, producer, calls, metrics, lines };
}

/** A producer that also keeps the results themselves. */
function createReadingProducer(): { producer: MemoryProducer; values: object[] } {
  const values: object[] = [];
  const producer = createMemoryProducer((_, messages) => {
    values.push(...messages.map(({ value }) => JSON.parse(value!.toString('utf8')) as object));
    return [];
  });
  return { producer, values };
}

/** A producer whose acknowledgements come when the test says so, and the other side has had time to go on. */
function createSlowProducer(steps: string[]) {
  const waiting: (() => void)[] = [];
  const producer: MemoryProducer = {
    ...createMemoryProducer(),
    send(_, messages) {
      steps.push(`send ${String(messages[0]?.key)}`);
      return new Promise((resolve) => waiting.push(() => resolve([])));
    },
  };
  /** Acknowledges a request, not before `step`; without one, after what would have come meanwhile. */
  async function arrive(step?: string): Promise<void> {
    const acknowledge = await waitUntil('a request', () => waiting.shift());
    if (step !== undefined) await waitUntil(step, () => steps.includes(step));
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    steps.push('arrived');
    acknowledge();
  }
  return { producer, arrive };
}

const events = (count: number): string[] => Array.from({ length: count }, (_, x) => JSON.stringify({ x }));

describe('the table of actions', () => {
  it('skips nothing, and waits out what no event is to blame for', () => {
    const codes = Object.keys(ERROR_CODES) as ErrorCode[];
    const blamed = codes.filter((code) => KAFKA_ACTIONS[code] === 'dead-letter');
    expect(blamed).toEqual(['INVALID_INPUT', 'SCHEMA_MISMATCH']);
    expect(Object.keys(KAFKA_ACTIONS).toSorted()).toEqual(codes.toSorted());
  });
});

describe('a batch', () => {
  it('is one call of the scorer, one commit after its last event', async () => {
    const { handle, producer, calls } = setup();
    const batch = createBatch(events(3));
    await handle(batch);
    expect(calls).toEqual([[0, 1, 2]]);
    expect(producer.sent).toEqual({ out: ['k0', 'k1', 'k2'] });
    expect(batch).toMatchObject({ committed: [3n], redeliveries: [] });
  });

  it('that is larger than the limit is worked off in as few slices as can be, alike, each committed', async () => {
    for (const [count, slices] of [
      [7, [3, 3, 1]],
      [4, [2, 2]],
      [9, [3, 3, 3]],
    ] as const) {
      const { handle, calls } = setup();
      const batch = createBatch(events(count));
      await handle(batch);
      expect(calls.map((rows) => rows.length)).toEqual(slices);
      expect(calls.flat()).toEqual([...Array(count).keys()]);
      const ends = slices.map((_, place) => BigInt(slices.slice(0, place + 1).reduce((a, b) => a + b, 0)));
      expect(batch.committed).toEqual(ends);
    }
  });

  it('is committed behind what follows its last event unseen, when all of it is done', async () => {
    const { handle } = setup();
    const batch = { ...createBatch(events(4)), nextOffset: 9n };
    await handle(batch);
    expect(batch.committed).toEqual([2n, 9n]);
  });

  it('explains its anomalous events, and only these, where that is configured', async () => {
    const { producer, values } = createReadingProducer();
    await setup({ producer, explainTopK: 1 }).handle(createBatch(['{"x": 2}', '{"x": 12}']));
    await setup({ producer }).handle(createBatch(['{"x": 13}']));
    const explanation = {
      contributions: [
        { field: 'x', value: 12, normal: 0, contribution: 12, sentence: 'x 12; normal would be about 0' },
      ],
      counterpart: { x: 0 },
      counterpartScore: 0,
    };
    expect(values).toMatchObject([{ score: 2 }, { score: 12, explanation }, { score: 13 }]);
    expect(values.map((value) => Object.hasOwn(value, 'explanation'))).toEqual([false, true, false]);
  });

  it('explains the highest scores only where more events are anomalous than may be explained', async () => {
    const { producer, values } = createReadingProducer();
    const setting = { producer, explainTopK: 1, maxExplainRows: 2 };
    await setup(setting).handle(createBatch(['{"x": 12}', '{"x": 11}', '{"x": 13}']));
    expect(values.map((value) => Object.hasOwn(value, 'explanation'))).toEqual([true, false, true]);
    expect(values).toMatchObject([
      { explanation: { contributions: [{ value: 12 }] } },
      { score: 11 },
      { explanation: { contributions: [{ value: 13 }] } },
    ]);
  });

  it('of bad events only does not call the scorer, and is committed after its dead letters', async () => {
    const { handle, producer, calls } = setup();
    const batch = createBatch(['no', null, '{"x": "1"}']);
    await handle(batch);
    expect(calls).toEqual([]);
    expect(producer.sent).toEqual({ dead: ['k0', 'k1', 'k2'] });
    expect(batch.committed).toEqual([3n]);
  });

  it('of a bad event says in the log where it is, and nothing of what it says', async () => {
    const { handle, lines } = setup();
    await handle(createBatch(['{"x": "Ada Lovelace"}', 'Ada Lovelace, too']));
    const said = lines.join('');
    expect(said).toMatch(/the first, at offset 0, with [A-Z_]+: its letter says why/);
    expect(said).not.toContain('Lovelace');
  });

  it('whose partition was lost meanwhile stops at once, and leaves what cannot be read to its next owner', async () => {
    const { handle, calls } = setup();
    const unreadable = new AristarchError('DATA_UNREADABLE', 'damaged');
    const batch = { ...createBatch(events(7), () => Promise.resolve('lost')), unreadable };
    await handle(batch);
    expect(calls).toEqual([[0, 1, 2]]);
    expect(batch).toMatchObject({ committed: [], redeliveries: [] });
  });
});

describe('slices of a batch', () => {
  it('are scored while the results of the one before them are on their way, and are sent and committed in order', async () => {
    const steps: string[] = [];
    const { producer, arrive } = createSlowProducer(steps);
    const { handle } = setup({ producer, onScore: ([first]) => void steps.push(`score ${first}`) });
    const handling = handle(
      createBatch(events(7), (offset) => {
        steps.push(`commit ${offset}`);
        return Promise.resolve('committed');
      }),
    );
    for (const step of ['score 3', 'score 6', undefined]) await arrive(step);
    await handling;
    expect(steps).toEqual([
      ...['score 0', 'send k0', 'score 3', 'arrived', 'commit 3'],
      ...['send k3', 'score 6', 'arrived', 'commit 6', 'send k6', 'arrived', 'commit 7'],
    ]);
  });

  it('whose results do not arrive hold up those behind them, which are not sent before, nor committed', async () => {
    const { producer, values } = createReadingProducer();
    let sends = 0;
    const failing = createMemoryProducer((topic, messages) => {
      if (++sends === 2) throw new AristarchError('UNAVAILABLE', 'no acknowledgement');
      void producer.send(topic, messages);
      return [];
    });
    const { handle } = setup({ producer: failing });
    const batch = createBatch(events(9));
    await handle(batch);
    expect(batch).toMatchObject({ committed: [3n], redeliveries: [200] });
    expect(values).toHaveLength(3);
  });
});

describe('a fault', () => {
  it.each([
    ['UNAVAILABLE', [200, 400, 800]],
    ['RESOURCE_EXHAUSTED', [200, 400, 800]],
    ['INTERNAL', [5_000, 5_000, 5_000]],
    ['ARTEFACT_INVALID', [5_000, 5_000, 5_000]],
  ] as const)('of the model, %s, delays its batch and commits nothing', async (code, delays) => {
    const { handle, producer } = setup({
      onScore() {
        throw new AristarchError(code, 'not now');
      },
    });
    const batch = createBatch(events(3));
    for (let tries = 0; tries < delays.length; tries += 1) await handle(batch);
    expect(batch).toMatchObject({ committed: [], redeliveries: delays });
    expect(producer.sent).toEqual({});
  });

  it('in a later slice leaves the earlier ones committed, and delays start anew after a success', async () => {
    let faults = 2;
    const { handle } = setup({
      onScore(rows) {
        if (rows[0] === 3 && faults-- > 0) throw new AristarchError('UNAVAILABLE', 'not now');
      },
    });
    const batch = createBatch(events(6));
    await handle(batch);
    await handle(batch);
    await handle(batch);
    expect(batch.committed).toEqual([3n, 3n, 3n, 6n]);
    expect(batch.redeliveries).toEqual([200, 200]);
  });

  it('that only the scorer sees is traced to its event, and the others are scored', async () => {
    const { handle, producer, calls } = setup({
      onScore(rows) {
        if (rows.includes(1)) throw new AristarchError('INVALID_INPUT', 'no ones please');
      },
    });
    const batch = createBatch(events(3));
    await handle(batch);
    // The whole batch twice: from bytes, then from records.
    expect(calls).toEqual([[0, 1, 2], [0, 1, 2], [0], [1], [2]]);
    expect(producer.sent).toEqual({ out: ['k0', 'k2'], dead: ['k1'] });
    expect(batch.committed).toEqual([3n]);
  });

  it.each(['out', 'dead'])('of sending to "%s" leaves the batch undone', async (topic) => {
    const producer = createMemoryProducer((to) => {
      if (to === topic) throw new AristarchError('UNAVAILABLE', 'no acknowledgement');
      return [];
    });
    const { handle } = setup({ producer });
    const batch = createBatch(['{"x": 1}', 'bad']);
    await handle(batch);
    expect(batch).toMatchObject({ committed: [], redeliveries: [200] });
  });

  it('of committing leaves the batch undone', async () => {
    const { handle } = setup();
    const batch = createBatch(events(1), () => Promise.reject(new AristarchError('UNAVAILABLE', 'no coordinator')));
    await handle(batch);
    expect(batch).toMatchObject({ committed: [], redeliveries: [200] });
  });

  it('of a dead-letter topic that takes nothing at all pauses the partition instead of dropping the event', async () => {
    const { handle, metrics } = setup({
      producer: createMemoryProducer((topic, messages) => (topic === 'dead' ? messages : [])),
    });
    const batch = createBatch(['bad']);
    await handle(batch);
    expect(batch).toMatchObject({ committed: [], redeliveries: [5_000] });
    expect((await metrics.render()).body).not.toContain('aristarch_kafka_dead_letters_total{');
  });
});
