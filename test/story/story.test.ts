import { afterAll, beforeAll, expect } from '@jest/globals';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { resolveServeConfig } from '../../src/server/config.ts';
import { SYSTEM_CLOCK } from '../../src/server/clock.ts';
import { startServing, type Serving } from '../../src/server/serve.ts';
import { createTrainCommand } from '../../src/training/command.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { get, scrape } from '../support/http-client.ts';
import { createKafkaLab } from '../support/kafka-lab.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { needs } from '../support/needs.ts';
import { SILENT } from '../support/serve-fixture.ts';
import { until } from '../support/until.ts';

/** A number in [0, 1) that depends on the row only: with random() each run would train another model. */
const uniform = (column: number): string => `((hash(3 * i + ${column}) % 1000003) / 1000003.0)`;

/** Machines at work: the temperature follows the load, the mode is one of three, the pressure is sometimes not reported. */
const NORMAL_ROWS = `
  SELECT 20 + 60 * load + ${uniform(1)} AS temperature, load, mode, CASE WHEN i % 20 = 0 THEN NULL ELSE 3 + ${uniform(2)} END AS pressure
  FROM (SELECT i, ${uniform(0)} AS load, ['idle', 'mill', 'drill'][1 + i % 3] AS mode FROM range(3000) t(i))
  ORDER BY i`;
const usual = { temperature: 50.5, load: 0.5, mode: 'mill', pressure: 3.5 };
/** Every value is usual, but not together. */
const hotWithoutLoad = { ...usual, temperature: 79, load: 0.05 };
const unknownMode = { ...usual, mode: 'weld' };

const toWire = (event: Readonly<Record<string, number | string>>): unknown => ({
  fields: Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name,
      typeof value === 'number' ? { number: value } : { text: value },
    ]),
  ),
});

needs('broker').describe('from a file of normal rows to scores over gRPC and Kafka', () => {
  const folder = useDataFolder();
  const lab = createKafkaLab('kafkajs');
  const connect = createClientFixture();
  let serving: Serving;
  let topics: Awaited<ReturnType<typeof lab.createTopics>>;

  beforeAll(async () => {
    const data = await folder.writeParquet('machines.parquet', NORMAL_ROWS);
    const terminal = createListeningTerminal();
    const flags = ['--data', data, '--out', folder.path('model'), '--device', 'cpu', '--no-generator', '--json'];
    await createTrainCommand(terminal).parseAsync(flags, { from: 'user' });
    expect(terminal.err()).not.toContain('error');
    expect(JSON.parse(terminal.out())).toMatchObject({ name: 'machines', rows: 3000, fields: 4, rollbacks: 0 });

    topics = await lab.createTopics({ partitions: 2 });
    serving = await startServing({
      config: resolveServeConfig({
        flags: {},
        env: {},
        file: {
          ...{
            model: folder.path('model'),
            device: 'cpu',
            // A broken relation between two columns: over ten draws of the data its p-value lay between 0.002 and 0.017.
            falsePositiveRate: 0.02,
            grpcPort: 0,
            httpPort: 0,
            kafkaBrokers: [lab.broker.address],
          },
          ...{ topicIn: topics.topicIn, topicOut: topics.topicOut, deadLetter: topics.deadLetterTopic },
        },
      }),
      log: SILENT,
      clock: SYSTEM_CLOCK,
      openDetector,
      openSampler,
      onFatal: (error) => {
        throw error;
      },
    });
    await until(
      'the service is ready',
      async () => (await get(serving.addresses.http, '/readyz')).status === 200,
      30_000,
    );
  }, 240_000);
  afterAll(async () => {
    await serving.stop();
  });

  needs().it(
    'scores over gRPC: what is unusual is flagged, with a small p-value, and what is usual is not',
    async () => {
      const client = connect(serving.addresses.grpc);
      const records = [usual, hotWithoutLoad, unknownMode].map(toWire);
      const { results, falsePositiveRate } = await client.score({ records: { records } });
      expect(results.map(({ anomalous }) => anomalous)).toEqual([false, true, true]);
      expect(falsePositiveRate).toBe(0.02);
      for (const { pValue } of results.slice(1)) expect(pValue).toBeLessThanOrEqual(0.02);
      expect(results[1]!.score).toBeGreaterThan(results[0]!.score);
    },
  );

  needs().it('scores the same events over Kafka, and sends what is no event to the dead-letter topic', async () => {
    const events = { usual, hotWithoutLoad, unknownMode };
    await lab.client.produce(topics.topicIn, [
      ...Object.entries(events).map(([key, event]) => ({ key, value: JSON.stringify(event) })),
      { key: 'broken', value: 'not JSON' },
    ]);
    const scored = await lab.client.readUntil(topics.topicOut, (messages) => messages.length >= 3, 30_000);
    const flagged = scored.map(({ key, value }) => {
      const { anomalous } = JSON.parse(String(value)) as { anomalous: boolean };
      return [String(key), anomalous];
    });
    expect(Object.fromEntries(flagged)).toEqual({ usual: false, hotWithoutLoad: true, unknownMode: true });
    const [dead] = await lab.client.readUntil(topics.deadLetterTopic, (messages) => messages.length >= 1, 30_000);
    expect(String(dead!.key)).toBe('broken');
    expect(String(dead!.value)).toBe('not JSON');
  });

  needs().it('gives one event the same score over both, and tells Prometheus of both', async () => {
    const client = connect(serving.addresses.grpc);
    const { results } = await client.score({ records: { records: [toWire(hotWithoutLoad)] } });
    const overKafka = await lab.client.readUntil(topics.topicOut, (messages) => messages.length >= 3, 30_000);
    const same = overKafka.find(({ key }) => String(key) === 'hotWithoutLoad');
    const { score } = JSON.parse(String(same!.value)) as { score: number };
    expect(Math.fround(score)).toBeCloseTo(results[0]!.score, 5);
    const metrics = await scrape(serving.addresses.http);
    expect(metrics).toMatch(/aristarch_rows_scored_total\{[^}]*transport="grpc"[^}]*\} [1-9]/);
    expect(metrics).toMatch(/aristarch_rows_scored_total\{[^}]*transport="kafka"[^}]*\} 3/);
  });
});
