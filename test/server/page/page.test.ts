import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ShownScores } from '../../../src/server/http/page/page-state.ts';
import type { ShownModel } from '../../../src/server/http/page/shown-model.ts';
import { publishScores, servePage, type ServedPage } from './sample-page.ts';

let served: ServedPage | undefined;
afterEach(async () => {
  await served?.stop();
  served = undefined;
});

/** The messages of an event stream, parsed, as they come. */
async function* readEvents(url: string): AsyncGenerator<{ name: string; data: unknown }> {
  const response = await fetch(`${url}/events`);
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const messages = text.split('\n\n');
    text = messages.pop()!;
    for (const message of messages) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(message) ?? [];
      if (name !== undefined) yield { name, data: JSON.parse(data!) as unknown };
    }
  }
}

async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the live page over HTTP', () => {
  it('serves its files with a policy that lets nothing else run', async () => {
    served = await servePage();
    const page = await fetch(`${served.url}/`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
    const text = await page.text();
    const files = [...text.matchAll(/(?:href|src)="(assets\/[^"]+)"/g)].map((match) => match[1]!);
    const styles = ['assets/page.css', 'assets/alarms.css', 'assets/drift.css'];
    expect(files).toEqual(['assets/icon.svg', ...styles, 'assets/page.js']);
    for (const file of files) expect((await fetch(`${served.url}/${file}`)).status).toBe(200);
    expect(text).not.toMatch(/https?:|<script>|\son\w+=|style=/);
  });

  it('leaves other paths, also those that climb, to the server', async () => {
    served = await servePage();
    for (const path of ['/nothing', '/assets/', '/assets/page.ts', '/assets/..%2f..%2fserver.ts']) {
      expect((await fetch(served.url + path)).status).toBe(404);
    }
  });

  it('greets with the model and what was scored before, then sends what is scored', async () => {
    served = await servePage({ intervalMs: 20 });
    publishScores(served.feed, [0.1, 0.2, 50], {
      model: served.model,
      recordAt: (row) => ({ amount: row, big: 2n ** 70n }),
    });
    const events = readEvents(served.url);
    const model = (await events.next()).value as { name: string; data: ShownModel };
    expect(model.name).toBe('model');
    expect(model.data).toMatchObject({ name: 'payments', falsePositiveRate: 0.01, calibrationRows: 2000 });
    const backlog = (await events.next()).value as { name: string; data: ShownScores };
    expect(backlog.data).toMatchObject({ rows: 3, flagged: 1 });
    expect(backlog.data.points.map((point) => [point[0], point[3]])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
    ]);
    expect(backlog.data.worst[0]).toMatchObject({
      score: 50,
      record: {
        fields: [
          ['amount', '2'],
          ['big', String(2n ** 70n)],
        ],
        more: 0,
      },
    });

    publishScores(served.feed, [0.3], { model: served.model });
    for await (const event of events) {
      const scores = event.data as ShownScores;
      if (scores.rows !== 4) continue;
      expect(scores.points.at(-1)).toEqual([4, expect.closeTo(0.3, 5), 0.5, 0]);
      expect(scores.counts.reduce((sum, count) => sum + count, 0)).toBe(4);
      break;
    }
    await waitUntil(() => served?.page.clients === 0);
  });

  it('is silent while nothing is scored', async () => {
    served = await servePage({ intervalMs: 5 });
    const events = readEvents(served.url);
    await events.next();
    await events.next();
    publishScores(served.feed, [1], { model: served.model });
    const messages: ShownScores[] = [];
    setTimeout(() => publishScores(served!.feed, [2], { model: served!.model }), 150);
    for await (const event of events) {
      messages.push(event.data as ShownScores);
      if (messages.at(-1)?.rows === 2) break;
    }
    // 30 ticks pass; only rows, and seconds in which the shown rates change, are worth a message.
    expect(messages.length).toBeLessThanOrEqual(6);
  });

  it('refuses more pages than it was told to serve, and takes new ones when others go', async () => {
    served = await servePage({ maxClients: 1, intervalMs: 20 });
    const first = readEvents(served.url);
    await first.next();
    const refused = await fetch(`${served.url}/events`);
    expect(refused.status).toBe(503);
    expect(await refused.text()).toContain('1 live pages are open already');
    await first.return(undefined);
    await waitUntil(() => served?.page.clients === 0);
    expect((await readEvents(served.url).next()).done).toBe(false);
  });

  it('ends its streams when the server stops', async () => {
    served = await servePage();
    const events = readEvents(served.url);
    await events.next();
    await served.stop();
    let rest = 0;
    for await (const event of events) rest += event.name === 'scores' ? 1 : 0;
    expect(rest).toBe(1);
    expect(served.page.clients).toBe(0);
    served = undefined;
  });

  it('queues nothing for a page that does not read, and cuts it off', async () => {
    served = await servePage({ intervalMs: 2 });
    const socket = connect(Number(new URL(served.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.pause();
    socket.write('GET /events HTTP/1.1\r\nHost: page\r\n\r\n');
    await waitUntil(() => served?.page.clients === 1);
    const before = process.memoryUsage().rss;
    // Records of 24 fields fill the socket's buffers quickly.
    const record = Object.fromEntries(Array.from({ length: 24 }, (_, field) => [`field${field}`, 'x'.repeat(120)]));
    let score = 0;
    const feeding = setInterval(
      () => publishScores(served!.feed, [(score += 1)], { model: served!.model, recordAt: () => record }),
      2,
    );
    await waitUntil(() => served?.page.clients === 0);
    clearInterval(feeding);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    socket.destroy();
  });
});
