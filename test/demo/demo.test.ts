import { EventEmitter } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { createDemoCommand } from '../../src/demo/command.ts';
import type { DemoResult, TrainOrder } from '../../src/demo/run.ts';
import { PAYMENT_COLUMNS } from '../../src/demo/payments.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createCritic, sumOfSizes, writeTinyModel } from '../support/tiny-model.ts';

/** A model of the demo's columns whose score is the sum of its slots: enough to serve, and to rank spikes high. */
async function trainInNoTime({ out }: TrainOrder): Promise<void> {
  const names = ['amount_eur', 'items', 'latency_ms', 'retries'] as const;
  const fields = names.map((name) => ({ kind: 'number' as const, name, missing: false, integer: false }));
  const excluded = Object.keys(PAYMENT_COLUMNS)
    .filter((name) => !fields.some((field) => field.name === name))
    .map((name) => ({ name, reason: 'not needed here' }));
  await writeTinyModel(out, {
    critic: createCritic(fields.length, sumOfSizes),
    manifest: {
      name: 'demo-payments',
      features: { fields, excluded },
      fingerprint: { sha256: 'f'.repeat(64), columns: names.map((name) => ({ name, missingShare: 0 })) },
      calibration: { method: 'split', falsePositiveRate: 0.05, scores: Array.from({ length: 199 }, (_, i) => i * 2) },
    },
  });
}

describe('the demo command', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aristarch-demo-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  function demo(...flags: string[]) {
    const heard = createListeningTerminal();
    const signals = new EventEmitter();
    const command = createDemoCommand({ train: trainInNoTime, terminal: heard, env: {}, signals });
    const usual = [
      '--rows',
      '500',
      '--out',
      join(folder, flags.join('').replaceAll(/\W/g, '')),
      '--grpc-port',
      '0',
      '--http-port',
      '0',
    ];
    const done = new Command().addCommand(command).parseAsync(['demo', ...usual, ...flags], { from: 'user' });
    return { heard, signals, done };
  }

  it('scores a bounded stream over gRPC and says how well the known anomalies were found', async () => {
    const { heard, done } = demo('--once', '--events', '600', '--json');
    await done;
    expect(heard.err()).toContain('live page: http://127.0.0.1:');
    expect(heard.err()).toContain('expect one warning that scores have drifted');
    const result = JSON.parse(heard.out()) as DemoResult;
    expect(result).toMatchObject({ events: 600, rows: 500, model: { name: 'demo-payments', device: 'cpu' } });
    expect(result.anomalies).toBeGreaterThan(3);
    expect(result.byKind.spike!.flagged).toBe(result.byKind.spike!.events);
    expect(result.auroc).toBeGreaterThan(0.5);
    expect(heard.exitCode()).toBeUndefined();
  });

  it('sends events until the end is asked for, and the live page shows them', async () => {
    const { heard, signals, done } = demo('--rate', '500');
    const address = await waitUntil(
      'the address of the live page',
      () => /live page: (http\S+)/.exec(heard.err()) ?? undefined,
    );
    const events = await fetch(`${address[1]!}events`);
    for await (const chunk of events.body!.pipeThrough(new TextDecoderStream())) {
      if (/"rows":[1-9]\d/.test(chunk)) break;
    }
    signals.emit('SIGINT');
    await done;
    expect(heard.out()).toMatch(/payments scored, \d+ of them anomalies/);
  });

  it('says at once, not after training, that a port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as AddressInfo;
    const { heard, done } = demo('--http-port', String(port));
    await done;
    taken.close();
    expect(heard.err()).toContain(`HTTP cannot listen on port ${port} of 127.0.0.1: it is in use`);
    expect(heard.err()).not.toContain('generated');
    expect(heard.exitCode()).toBe(1);
  });
});
