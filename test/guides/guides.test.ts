import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { useDataFolder } from '../support/data-files.ts';
import { findBlocks, makeCheckout, readGuide, runGuide } from '../support/guide.ts';
import { renderCommand } from '../support/helm-command.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';
import { needs, type Need } from '../support/needs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const data = useDataFolder();
/** Mostly of waiting for cores, where many tests run at once. */
const MINUTES_10 = 600_000;

interface Guide {
  readonly needs?: readonly Need[];
  /** The guide whose model this one begins with. */
  readonly after?: string;
  /** What each block that is run prints, in order: proof that it did what the guide says. */
  readonly prints: readonly RegExp[];
}

/** Every guide; one without a row fails. */
const GUIDES: Readonly<Record<string, Guide>> = {
  'README.md': { prints: [] },
  'quick-start.md': { prints: [] },
  'own-data.md': {
    prints: [
      /request_id,at,tenant/,
      /"?latency_ms/,
      /normal \w+ is trained: models\/payments\/1 [\s\S]*left out: request_id/,
      /81 anomalous[\s\S]*normal \(wgan-gp\) +0\.9\d+/,
      /500 rows scored[\s\S]*score,p_value,anomalous/,
      /models\/payments\/1|8080|listening/i,
      /"ready": true[\s\S]*anomalous: true/,
    ],
  },
  'explaining-an-alert.md': {
    after: 'own-data.md',
    prints: [/req-\w+ p 0\.00\d+\n +.*normal would be .*\[\d+\.\d\d\]/],
  },
  'retraining.md': {
    after: 'own-data.md',
    // Far more than 1 % at first, about 1 % after it.
    prints: [
      /\((\d\d|[4-9])\.\d+ %\) are anomalous/,
      /\([0-3]\.\d+ %\) are anomalous/,
      /./,
      /version="2"/,
      /version="1"/,
      // Version 2 is the newest that can be served, and version 1 is pinned.
      /^2 version\(s\) would be left$/m,
    ],
  },
  'images.md': {
    prints: [
      /wrote payments[\s\S]*100 images, image-critic/,
      /(scratched-\d+\.png [\d.]+ [\d.]+ true image[\s\S]*){5}/,
    ],
  },
  'several-sources.md': {
    prints: [/given tenant[\s\S]*each group has its own threshold/, /models\/bookshop\/1[\s\S]*amount_eur[^\n]*risk/],
  },
  'kafka.md': {
    after: 'own-data.md',
    needs: ['broker'],
    prints: [
      /^/,
      /./,
      /(?=[\s\S]*scores payment-0 .*"anomalous":false)(?=[\s\S]*scores payment-1 .*"anomalous":true.*sentence)(?=[\s\S]*events-refused payment-2 no event\n {2}because: .*JSON)/,
      /\b1\b/,
    ],
  },
  'kubernetes.md': { prints: [] },
  'gpu.md': {
    prints: [/device: \w+[\s\S]*is trained: models\/tried/, /This machine[\s\S]*cpu +works, [\d,]+ rows\/s/],
  },
  'troubleshooting.md': { prints: [/does not exist[\s\S]*\[NOT_FOUND\]/, /grpcPort/] },
};

describe('docs/guides', () => {
  beforeAll(() => makeCheckout(data.path('checkout')));
  const ran = new Map<string, Promise<string[]>>();

  /** Once, after the guide that it begins with. */
  function run(name: string): Promise<string[]> {
    const found = ran.get(name) ?? runAfterOthers(name);
    ran.set(name, found);
    return found;
  }
  async function runAfterOthers(name: string): Promise<string[]> {
    const { after, needs: what = [] } = GUIDES[name]!;
    if (after !== undefined) await run(after);
    const blocks = await readGuide(name);
    if (!what.includes('broker')) return runGuide(blocks, data.path('checkout'));
    await using broker = await startKafkaBroker();
    return await runGuide(blocks, data.path('checkout'), { kafka: broker.address });
  }

  it('have a row each', () => {
    const guides = readdirSync(join(ROOT, 'docs/guides')).filter((name) => name.endsWith('.md'));
    expect(Object.keys(GUIDES).toSorted()).toEqual(guides.toSorted());
  });

  for (const [name, { needs: what = [], prints }] of Object.entries(GUIDES)) {
    needs(...what).it(
      `${name}: its commands do what it says`,
      async () => {
        const outputs = await run(name);
        expect(outputs).toHaveLength(prints.length);
        for (const [i, pattern] of prints.entries()) expect(outputs[i]).toMatch(pattern);
      },
      MINUTES_10,
    );
  }

  it('quick-start.md: its commands are those of .ci/run', async () => {
    const ci = readFileSync(join(ROOT, '.ci/run'), 'utf8');
    const commands = (await readGuide('quick-start.md')).flatMap(({ script }) => script.trim().split('\n'));
    expect(commands).toHaveLength(2);
    expect(commands.filter((command) => !ci.includes(command))).toEqual([]);
  });
});

needs('tool:helm3').describe('the commands of Helm', () => {
  const pages = ['guides/kubernetes.md', 'kubernetes.md'];
  it.each(pages)('of docs/%s render the chart by their flags', (page) => {
    const blocks = findBlocks(readFileSync(join(ROOT, 'docs', page), 'utf8'));
    const commands = blocks.flatMap(({ script }) =>
      toLines(script).filter((line) => /^helm (upgrade|template)/.test(line)),
    );
    expect(commands.length).toBeGreaterThan(1);
    for (const command of commands) expect(renderCommand(command)).toContain('kind: Deployment');
  });

  it('would fail with a value that there is not', () => {
    expect(() => renderCommand('helm upgrade --install x deploy/helm/aristarch --set modell.source=pvc')).toThrow(
      /modell/,
    );
  });
});

describe('the reader of guides', () => {
  it('finds what is to be typed, and leaves plain text alone', () => {
    const markdown = 'a\n```sh\none\n```\n```text\nno\n```\n```sh background\ntwo\n```\n';
    expect(findBlocks(markdown)).toEqual([
      { kind: '', script: 'one\n' },
      { kind: 'background', script: 'two\n' },
    ]);
  });

  it('fails where a command fails, with what it printed', async () => {
    const blocks = findBlocks('```sh\necho before\ncat no-such-file\necho after\n```\n');
    await expect(runGuide(blocks, data.path(''))).rejects.toThrow(/failed with 1:\nbefore\n.*no-such-file/);
  });

  it('fails where a server ends', async () => {
    await expect(runGuide(findBlocks('```sh background\necho bye\n```\n'), data.path(''))).rejects.toThrow(
      /ended:\nbye/,
    );
  });
});

/** Commands, each in one line. */
function toLines(script: string): string[] {
  return script.replaceAll('\\\n', ' ').split('\n');
}
