import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { normalOrders, ODD_ORDER } from '../../test/support/orders.ts';
import {
  addCopy,
  type Sender,
  startTraffic,
  toRecord,
  trainOrders,
  type WatchedService,
  writeServingFile,
} from '../../test/support/watched-service.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { workersOf } from '../../test/support/workers-of.ts';
import type { Caller } from './caller.ts';
import { loseAgainAndAgain, startThird } from './third-process.ts';

export interface Stage {
  readonly service: WatchedService;
  readonly caller: Caller;
}

/** Puts the world in order again. */
export type Remedy = () => Promise<void>;

export interface Cause {
  /** What is done, and what ends it, for people. */
  readonly what: string;
  readonly end: string;
  /** Other alerts that are right to fire as well, with the reason, for people. */
  readonly also?: Readonly<Record<string, string>>;
  readonly begin: (stage: Stage) => Remedy | Promise<Remedy>;
}

const DAY_MS = 86_400_000;
/** Twice what AristarchSlow looks at. */
const SLOW_SECONDS = 2;
/** More would keep the process from all else: each has its part in each turn. */
const MOST_CALLERS = 12;
/** Its place in the group is kept until its session ends, which is not divided as the rule's three minutes are. */
const REJOINS = { AristarchKafkaDown: 'until the group lets the process in again, which takes as long as it does' };
/** A model of its own for rows of all kinds, which would be drift for the one whose drift is watched. */
const CROWD = 'crowd';

const END_THREADS = new URL('end-threads.mjs', import.meta.url).href;

/** How each alert is caused, for real; a test holds that none is without a cause. */
export const CAUSES: Readonly<Record<string, Cause>> = {
  AristarchDown: {
    what: 'both processes are killed (`SIGKILL`)',
    end: 'they are started again',
    also: REJOINS,
    begin: async ({ service: { serve, spare } }) => {
      await Promise.all([serve.kill(), spare?.kill()]);
      return async () => {
        await Promise.all([serve.start(), spare?.start()]);
      };
    },
  },
  AristarchPartlyDown: {
    what: 'one of two processes is killed',
    end: 'it is started again',
    begin: async ({ service: { spare } }) => {
      await spare!.kill();
      return () => spare!.start();
    },
  },
  AristarchRestarting: {
    what: 'one of two processes is killed and started again, again and again',
    end: 'it is left alone',
    begin: ({ service: { spare, prometheus } }) => {
      const startTime = `aristarch_process_start_time_seconds{instance="${spare!.addresses.http}"}`;
      const readStart = async (): Promise<number> => (await prometheus.query(startTime))[0]?.value ?? 0;
      return send(async () => {
        const before = await readStart();
        await spare!.kill();
        await spare!.start();
        await waitUntil('its start to be scraped', async () => (await readStart()) > before, 30_000);
      });
    },
  },
  AristarchFailing: {
    what: 'a model is asked for whose file is damaged',
    end: 'nobody asks for it any longer, and it is taken away',
    also: { AristarchModelRefused: 'the damaged file is the cause of both' },
    begin: async ({ service, caller }) => {
      const remove = await addDamaged(service, 'damaged/1');
      const stop = send((round) => caller.score({ model: 'damaged', records: { records: orders(10, round) } }));
      return async () => {
        await stop();
        await remove();
      };
    },
  },
  AristarchOverloaded: {
    what: 'forty calls of 1,000 rows come at once, again and again, where 1,000 rows may wait',
    end: 'they stop',
    begin: async ({ service, caller }) => {
      await addCopy(service, `${CROWD}/1`);
      return send(() => caller.burst({ model: CROWD, ...rows(1000) }, 40));
    },
  },
  AristarchSlow: {
    what: `as many callers ask for explanations of 250 odd rows, without a deadline, as make each of them wait some ${SLOW_SECONDS} s`,
    end: 'they stop',
    begin: async ({ service, caller }) => {
      await addCopy(service, `${CROWD}/1`);
      const odd = Array.from({ length: 250 }, (_, i) => toRecord({ ...ODD_ORDER, price: 9000 + i }));
      const call: Sender = () => caller.score({ model: CROWD, records: { records: odd }, explainTopK: 5 });
      const oneMs = await timeOf(call);
      const callers = Math.min(MOST_CALLERS, Math.ceil((1000 * SLOW_SECONDS) / oneMs));
      // One after the other, so that they do not all end together.
      const late =
        (place: number): Sender =>
        (round) =>
          sleep(round === 0 ? place * oneMs : 0).then(() => call(round));
      return send(...Array.from({ length: callers }, (_, place) => late(place)));
    },
  },
  AristarchKafkaDown: {
    what: 'the broker is killed',
    end: 'it is started again, with its data',
    also: { AristarchKafkaBehind: 'events that were read before wait, and none has a result' },
    begin: async ({ service: { broker } }) => {
      await broker.kill();
      return () => broker.start();
    },
  },
  AristarchKafkaBehind: {
    what: 'the results topic is deleted, while events come',
    end: 'it is there again',
    begin: async ({ service: { client, topics } }) => {
      await client.admin.deleteTopics({ topics: [topics.scores] });
      return () => client.createTopic(topics.scores, 2);
    },
  },
  AristarchKafkaStuck: {
    what: 'the dead-letter topic is deleted, and what is no event comes into one of two partitions',
    end: 'it is there again',
    begin: async ({ service: { client, topics } }) => {
      await client.admin.deleteTopics({ topics: [topics.refused] });
      await client.produce(topics.events, [{ value: 'no event', partition: 0 }]);
      return () => client.createTopic(topics.refused, 2);
    },
  },
  AristarchDeadLetters: {
    what: 'a sender sends what is no event, ten times a second',
    end: 'it stops',
    begin: ({ service: { client, topics } }) => send(() => client.produce(topics.events, [{ value: 'no event' }])),
  },
  AristarchWorkersLost: {
    what: 'of a third process with two workers, one worker after the other is killed',
    end: 'that process is taken away',
    begin: ({ service }) =>
      loseAgainAndAgain(startThird(service, {}, '--workers', '2'), 'aristarch_worker_losses_total', (pid) => {
        // The older one: it is another one's turn each time.
        process.kill(workersOf(pid)[0]!, 'SIGKILL');
      }),
  },
  AristarchInferenceThreadsLost: {
    what: 'of a third process, one inference thread after the other is asked to leave, at a signal, which the service does not expect',
    end: 'that process is taken away',
    begin: ({ service }) =>
      loseAgainAndAgain(
        startThird(service, { NODE_OPTIONS: `--import=${END_THREADS}` }, '--inference', 'worker'),
        'aristarch_inference_thread_losses_total',
        (pid) => void process.kill(pid, 'SIGUSR2'),
      ),
  },
  AristarchDrift: {
    what: 'orders come at fifty times the usual price',
    end: 'they stop, and the process is started anew',
    also: { AristarchPartlyDown: 'for as long as the start takes', ...REJOINS },
    begin: ({ service: { serve }, caller }) => {
      const dearer = (round: number) =>
        normalOrders(10, 7_000_000 + round).map((order) => ({ ...order, price: 50 * order.price }));
      const stop = send((round) => caller.score({ records: { records: dearer(round).map(toRecord) } }));
      return async () => {
        await stop();
        await serve.kill();
        await serve.start();
      };
    },
  },
  AristarchModelRefused: {
    what: 'a newer version of the model that serves comes with a damaged file',
    end: 'it is taken away',
    begin: ({ service }) => addDamaged(service, 'orders/2'),
  },
  AristarchServingFileRefused: {
    what: 'a `serving.json` is half written',
    end: 'the whole file takes its place',
    begin: async ({ service }) => {
      const rules = JSON.stringify({ version: '1' });
      await writeServingFile(service, rules.slice(0, -3));
      return () => writeServingFile(service, rules);
    },
  },
  AristarchModelStale: {
    what: 'a model is asked for that was trained 91 days ago',
    end: 'a version that was trained now comes',
    begin: async ({ service: { models }, caller }) => {
      await trainOrders(dirname(models), join(models, 'old/1'), new Date(Date.now() - 91 * DAY_MS));
      const stop = send((round) => caller.score({ model: 'old', records: { records: orders(10, round) } }));
      return async () => {
        await trainOrders(dirname(models), join(models, 'old/2'), new Date());
        await stop();
      };
    },
  },
};

/** Sends until the remedy comes. */
function send(...senders: readonly Sender[]): Remedy {
  return startTraffic(...senders).stop;
}

const orders = (count: number, round: number): object[] => normalOrders(count, 5_000_000 + round).map(toRecord);

/** So many packed rows; an order's raw row has seven places. */
function rows(count: number): { readonly dense: { readonly width: number; readonly values: readonly number[] } } {
  const width = 7;
  return { dense: { width, values: Array.from({ length: width * count }, (_, index) => index % 2) } };
}

/** A copy of the model that serves whose critic is damaged; taken away by the remedy. */
async function addDamaged(service: WatchedService, name: string): Promise<Remedy> {
  await addCopy(service, name, async (folder) => {
    const critic = join(folder, 'critic.onnx');
    const bytes = await readFile(critic);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(critic, bytes);
  });
  return () => rm(join(service.models, name), { recursive: true });
}

/** Milliseconds of a call, once its model has been found in the folder and opened. */
async function timeOf(call: Sender): Promise<number> {
  const isAnswered = (): Promise<boolean> =>
    call(0)
      .then(() => true)
      .catch(() => false);
  await waitUntil('the model to answer', isAnswered, 30_000);
  const begin = performance.now();
  await call(1);
  return performance.now() - begin;
}
