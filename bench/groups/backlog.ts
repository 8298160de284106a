import { waitUntil } from '../../test/support/wait-until.ts';
import { sendEvents } from './events.ts';
import { countMessages, countResults, createTopics, startMembers, usageOf } from './members.ts';
import type { Backlog, Stage } from './result.ts';

/** How long so many processes, which wait for them, take for events that are sent as fast as a producer can. */
export async function measureBacklog(stage: Stage, processes: number, events: number): Promise<Backlog> {
  const topics = await createTopics(stage, `backlog-${processes}`);
  const members = await startMembers(stage, topics, processes);
  try {
    const written = () => countMessages(stage, topics.topicOut);
    const before = await usageOf(members);
    const startedMs = performance.now();
    await sendEvents(stage, topics.topicIn, 0, events);
    const sentSeconds = (performance.now() - startedMs) / 1000;
    await waitUntil('all to have results', async () => (await written()) >= events, 300_000);
    const seconds = (performance.now() - startedMs) / 1000;
    const after = await usageOf(members);
    const cpuMicroseconds = ((after.cpuSeconds - before.cpuSeconds) * 1e6) / events;
    console.error(`${processes} processes: ${events} events in ${seconds.toFixed(1)} s`);
    return {
      processes,
      events,
      sentSeconds,
      seconds,
      cpuMicroseconds,
      residentMiB: after.residentMiB,
      ...(await countResults(stage, topics.topicOut, events)),
    };
  } finally {
    for (const member of members) await member.kill();
  }
}
