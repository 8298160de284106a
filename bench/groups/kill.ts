import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../test/support/wait-until.ts';
import { sendEvents } from './events.ts';
import { countMessages, countResults, createTopics, startMembers, type Topics } from './members.ts';
import { type Kill, PARTITIONS, type Stage } from './result.ts';

const STEP_MS = 100;

/** A steady stream through three processes; in the middle one of them is killed, as a machine that fails would. */
export async function measureKill(stage: Stage, { seconds, rate }: { seconds: number; rate: number }): Promise<Kill> {
  const topics = await createTopics(stage, 'kill');
  const members = await startMembers(stage, topics, 3);
  try {
    const startedMs = performance.now();
    const elapsed = () => (performance.now() - startedMs) / 1000;
    const watch = watchResults(stage, topics, elapsed);
    let [sent, killedAt, sentAtKill] = [0, 0, 0];
    let caughtUp: Promise<number> | undefined;
    while (elapsed() < seconds) {
      const due = Math.floor(elapsed() * rate);
      await sendEvents(stage, topics.topicIn, sent, due);
      sent = Math.max(sent, due);
      if (caughtUp === undefined && elapsed() > seconds / 2) {
        await members[0]!.kill();
        [killedAt, sentAtKill] = [elapsed(), sent];
        caughtUp = reached(stage, topics, sentAtKill).then(() => elapsed() - killedAt);
        // It is awaited when all is sent.
        caughtUp.catch(() => undefined);
      }
      await sleep(STEP_MS);
    }
    await reached(stage, topics, sent);
    const caughtUpSeconds = await caughtUp!;
    const resultsBySecond = watch.stop();
    return {
      ...{ seconds, rate, events: sent, killedAt, resultsBySecond, caughtUpSeconds },
      ...(await countResults(stage, topics.topicOut, sent)),
    };
  } finally {
    for (const member of members) await member.kill();
  }
}

/** Waits until the first so many events, which went to all partitions in turn, are committed: in each partition its own. */
async function reached({ client }: Stage, { group, topicIn }: Topics, events: number): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const offsets = await client.committed(group, topicIn);
    const places = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    return places.every((partition) => (offsets.get(partition) ?? 0) >= Math.ceil((events - partition) / PARTITIONS));
  };
  await waitUntil('what was sent to be committed', isDone, 120_000);
}

/** Looks at the topic of results all the time; twins count too. */
function watchResults(stage: Stage, topics: Topics, elapsed: () => number) {
  const bySecond: (number | undefined)[] = [];
  const state = { over: false, before: 0 };
  const looking = (async () => {
    while (!state.over) {
      const count = await countMessages(stage, topics.topicOut);
      const second = Math.floor(elapsed());
      bySecond[second] = (bySecond[second] ?? 0) + count - state.before;
      state.before = count;
      await sleep(STEP_MS);
    }
  })();
  return {
    stop(): number[] {
      state.over = true;
      looking.catch(() => undefined);
      return Array.from(bySecond, (count) => count ?? 0);
    },
  };
}
