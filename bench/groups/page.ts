import { format } from 'prettier';
import type { Backlog, GroupResult, Kill } from './result.ts';

/** docs/consumer-groups.md. */
export function toPage(result: GroupResult): Promise<string> {
  const { machine, loadBefore, backlog, kill } = result;
  return format(
    `# Consumer groups: three processes on six partitions

Made by \`npm run bench:groups\`, which starts an Apache Kafka of one node and real \`serve\` processes on one machine: ${machine}, load
${loadBefore.toFixed(1)} before it began. Broker, producer and all processes share these cores, so the rates say what this machine
does, not what three machines do. Events are JSON of 8 numbers, the model is the default preset.

## As fast as they come

The processes wait; then the events are sent as fast as one producer can.

| processes | events | sent in | scored in | events a second | CPU an event | memory of one | missing | doubled |
| --------: | -----: | ------: | --------: | --------------: | -----------: | ------------: | ------: | ------: |
${backlog.map(toRow).join('\n')}

${ratioOf(backlog)}

## One of three is killed

A steady stream of ${kill.rate.toLocaleString('en')} events a second for ${kill.seconds} s; at second ${kill.killedAt.toFixed(1)} one process is killed (\`SIGKILL\`). Its two
partitions wait until the group misses it (\`--kafka-session-timeout-ms 6000\` here; 30 s by default), then the other two take them over.
All that had been sent before the kill was scored and committed ${kill.caughtUpSeconds.toFixed(1)} s after it. **Of ${kill.events.toLocaleString('en')} events ${kill.missing} have no result; ${kill.doubled} results
came twice**; such twins have one id ([kafka.md](kafka.md) says why; \`--exactly-once\` has none).

| part of the stream | seconds | results a second |
| ------------------ | ------: | ---------------: |
${toPhases(kill).join('\n')}

Results a second, from the start of the stream (twins count):

\`\`\`text
${toBars(kill)}
\`\`\`

The test suite does the same with fewer events: \`test/broker/promises/consumer-group.ts\`.
`,
    { parser: 'markdown', printWidth: 120 },
  );
}

function toRow(backlog: Backlog): string {
  const { processes, events, sentSeconds, seconds, cpuMicroseconds, residentMiB, missing, doubled } = backlog;
  const cells = [events.toLocaleString('en'), `${sentSeconds.toFixed(1)} s`, `${seconds.toFixed(1)} s`];
  const rate = Math.round(events / seconds).toLocaleString('en');
  const used = [`${cpuMicroseconds.toFixed(0)} us`, `${residentMiB.toFixed(0)} MiB`];
  return `| ${[processes, ...cells, rate, ...used, missing, doubled].join(' | ')} |`;
}

function ratioOf([one, three]: readonly Backlog[]): string {
  const ratio = one!.seconds / three!.seconds;
  return `Three processes are ${ratio.toFixed(2)} times as fast as one here, where they share the cores with the broker and the producer.`;
}

/** Whole seconds: before the kill, from it until its partitions were taken over, in which what had waited was done, and after that. */
function toPhases({ resultsBySecond, killedAt, caughtUpSeconds, seconds }: Kill): string[] {
  const [kill, caughtUp] = [Math.floor(killedAt), killedAt + caughtUpSeconds];
  const phases = {
    'before the kill': [WARM_UP_SECONDS, kill],
    'a third waits': [kill + 1, Math.floor(caughtUp)],
    'what waited is done': [Math.floor(caughtUp), Math.ceil(caughtUp)],
    'after it': [Math.ceil(caughtUp), seconds],
  } as const;
  return Object.entries(phases).map(([name, [from, to]]) => {
    const counts = resultsBySecond.slice(from, to);
    const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, counts.length);
    return `| ${name} | ${from} to ${to} | ${mean.toFixed(0)} |`;
  });
}

/** The first batches find code that is not compiled yet. */
const WARM_UP_SECONDS = 3;
const WIDTH = 60;

function toBars({ resultsBySecond, killedAt }: Kill): string {
  const most = Math.max(1, ...resultsBySecond);
  return resultsBySecond
    .map((count, second) => {
      const bar = '#'.repeat(Math.round((WIDTH * count) / most));
      const mark = second === Math.floor(killedAt) ? '  <- killed' : '';
      return `${String(second).padStart(3)} s ${String(count).padStart(6)} ${bar}${mark}`;
    })
    .join('\n');
}
