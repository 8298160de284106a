import { type Client, Metadata, type ServiceDefinition } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import type { WireScoreResponse } from '../../../src/server/grpc/contract.ts';
import {
  INFERENCE_SERVICE,
  loadInferenceContract,
  type WireInferResponse,
} from '../../../src/server/grpc/inference/contract.ts';
import { createRawClientFixture, type ScoreMessage } from '../../support/grpc-client.ts';
import { scrape } from '../../support/http-client.ts';
import { tinyRow } from '../../support/model-folder.ts';
import { createGate, until } from '../../support/until.ts';
import { machines, named, onTrial, record, serveTrial, withKey } from './trial.ts';

const connectRaw = createRawClientFixture();

describe('a canary', () => {
  it('answers its share by a field of the record, each machine always by the same version', async () => {
    const { client, count, compared } = await serveTrial({ candidate: { version: '2', canary: 0.3, key: 'machine' } });
    const expected = machines.filter((machine) => onTrial(machine, 0.3));
    for (let round = 0; round < 2; round++) {
      for (const machine of machines) {
        const { results, modelVersion } = await client.score(named(record(machine, 3)));
        expect([machine, modelVersion, results.map(({ score }) => score)]).toEqual(
          expected.includes(machine) ? [machine, '2', [6]] : [machine, '1', [3]],
        );
      }
    }
    expect(await count('rows_answered_total')).toBe(2 * expected.length);
    // What the candidate answered is scored by the other one besides; nothing else is.
    await until('all were compared', async () => (await compared()) === 2 * expected.length, 60_000);
    expect(await count('failures_total')).toBe(0);
  });

  it('answers packed rows by the key of the call, and without one an even share', async () => {
    const { client } = await serveTrial({ candidate: { version: '2', canary: 0.25 } });
    const ask = (metadata: Metadata) =>
      new Promise<string>((resolve, reject) => {
        client.raw.score(tinyRow(1), metadata, {}, (error, answer) =>
          error ? reject(error) : resolve(answer.modelVersion),
        );
      });
    for (const machine of machines) expect(await ask(withKey(machine))).toBe(onTrial(machine, 0.25) ? '2' : '1');
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(new Metadata())));
    expect(Math.abs(answers.filter((version) => version === '2').length - 10)).toBeLessThanOrEqual(2);
  });

  it('has nothing to do with requests that name a version, nor with machines of both sides in one request', async () => {
    const { client } = await serveTrial({ candidate: { version: '2', canary: 0.5, key: 'machine' } });
    const [one, other] = [true, false].map((side) => machines.find((machine) => onTrial(machine, 0.5) === side)!);
    const versionOf = async (request: ScoreMessage) => (await client.score(request)).modelVersion;
    expect(await versionOf(named(record(one!), record(one!)))).toBe('2');
    expect(await versionOf(named(record(one!), record(other!)))).toBe('1');
    expect(await versionOf({ ...named(record(one!)), modelVersion: '1' })).toBe('1');
  });

  it('of a stream gives one response for each request, in order', async () => {
    const { client } = await serveTrial({ candidate: { version: '2', canary: 0.5, key: 'machine' } });
    const stream = client.raw.scoreStream();
    const answers: [string, string, number][] = [];
    stream.on('data', ({ requestId, modelVersion, results }: WireScoreResponse) => {
      answers.push([requestId, modelVersion, results.length]);
    });
    const ended = new Promise((resolve) => stream.on('end', resolve));
    for (const machine of machines) stream.write({ ...named(record(machine)), requestId: machine });
    stream.end();
    await ended;
    expect(answers).toEqual(machines.map((machine) => [machine, onTrial(machine, 0.5) ? '2' : '1', 1]));
  });

  it('changes while the server runs: more, another, none', async () => {
    const { client, folder } = await serveTrial({
      candidate: { version: '2', canary: 0 },
      settings: { modelsPollMs: 20 },
    });
    const versionOf = async () => (await client.score(tinyRow(1))).modelVersion;
    expect(await versionOf()).toBe('1');
    await folder.rule('pumps', { version: '1', candidate: { version: '2', canary: 1 } });
    await until('the candidate answers', async () => (await versionOf()) === '2', 60_000);
    await folder.write('fans', '7', 7);
    await folder.rule('pumps', { version: '1', candidate: { model: 'fans', canary: 1 } });
    await until(
      'another model answers',
      async () => (await client.score({ ...tinyRow(1), model: 'pumps' })).model === 'fans',
    );
    await folder.rule('pumps', { version: '1' });
    await until(
      'version 1 answers',
      async () => (await client.score({ ...tinyRow(1), model: 'pumps' })).model === 'pumps',
    );
  });

  it('that crashes, or cannot be opened, or is not there costs no answer', async () => {
    const crash = (): never => {
      throw new Error('the candidate crashes');
    };
    const crashing = await serveTrial({ candidate: { version: '2', canary: 1 }, before: crash });
    const broken = await serveTrial({ candidate: { version: '2', canary: 1 }, breaks: true });
    const absent = await serveTrial({ candidate: { version: '9', canary: 1 } });
    for (const { client, count } of [crashing, broken, absent]) {
      for (let call = 0; call < 5; call++) {
        expect(await client.score(tinyRow(4))).toMatchObject({ modelVersion: '1', results: [{ score: 4 }] });
      }
      expect(await count('rows_answered_total')).toBe(0);
    }
    expect(await crashing.count('failures_total', ',code="INTERNAL"')).toBe(5);
    await until(
      'it was tried',
      async () => (await broken.count('failures_total', ',code="ARTEFACT_INVALID"')) === 5,
      60_000,
    );
    expect(await absent.count('failures_total', ',code="NOT_FOUND"')).toBe(5);
  });

  it('that is slow has a part of the time; then the version that serves answers, and it is counted', async () => {
    const { client, count } = await serveTrial({
      candidate: { version: '2', canary: 1 },
      before: () => new Promise(() => undefined),
      settings: { drainTimeoutMs: 500 },
    });
    const answer = await new Promise<WireScoreResponse>((resolve, reject) => {
      const deadline = Date.now() + 8000;
      client.raw.score(tinyRow(4), new Metadata(), { deadline }, (error, answered) =>
        error ? reject(error) : resolve(answered),
      );
    });
    expect(answer).toMatchObject({ modelVersion: '1', results: [{ score: 4 }] });
    expect(await count('failures_total', ',code="DEADLINE_EXCEEDED"')).toBe(1);
  });

  it('that hangs holds up no call without a deadline either: it has its longest time', async () => {
    const { client, count } = await serveTrial({
      candidate: { version: '2', canary: 1 },
      before: () => new Promise(() => undefined),
      settings: { candidateTimeoutMs: 200, drainTimeoutMs: 500 },
    });
    expect(await client.score(tinyRow(4))).toMatchObject({ modelVersion: '1', results: [{ score: 4 }] });
    expect(await count('failures_total', ',code="DEADLINE_EXCEEDED"')).toBe(1);
  });

  it('that hangs is waited for once: then the version that serves answers, until the candidate does', async () => {
    const gate = createGate();
    const { client, count } = await serveTrial({
      candidate: { version: '2', canary: 1 },
      before: () => gate.wait(),
      settings: { candidateTimeoutMs: 1000, candidateTimeShare: 0.9 },
    });
    const versionOf = async () => (await client.score(tinyRow(4))).modelVersion;
    expect(await versionOf()).toBe('1');
    const startedMs = performance.now();
    for (let call = 0; call < 10; call++) expect(await versionOf()).toBe('1');
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(await count('failures_total', ',code="DEADLINE_EXCEEDED"')).toBeGreaterThanOrEqual(11);
    gate.open();
    await until('it answers again', async () => (await versionOf()) === '2', 60_000);
  });

  it('answers calls of the Open Inference Protocol as well, by their key', async () => {
    const { serving, count } = await serveTrial({ candidate: { version: '2', canary: 0.3 } });
    const definition = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
    const inference = connectRaw(serving.addresses.grpc, definition) as Client & {
      modelInfer(
        request: object,
        metadata: Metadata,
        done: (error: Error | null, answer: WireInferResponse) => void,
      ): void;
    };
    const rows = { name: 'rows', datatype: 'FP32', shape: [1, 3], contents: { fp32Contents: [5, 0, 0] } };
    for (const machine of machines) {
      const { modelVersion, outputs } = await new Promise<WireInferResponse>((resolve, reject) => {
        const request = { modelName: 'pumps', inputs: [rows] };
        inference.modelInfer(request, withKey(machine), (error, answer) => (error ? reject(error) : resolve(answer)));
      });
      const score = outputs.find(({ name }) => name === 'score')!.contents!.fp32Contents;
      expect([modelVersion, score]).toEqual(onTrial(machine, 0.3) ? ['2', [10]] : ['1', [5]]);
    }
    expect(await count('rows_answered_total')).toBe(machines.filter((machine) => onTrial(machine, 0.3)).length);
  });

  it("feeds neither the default model's drift nor its scores", async () => {
    const { client, serving } = await serveTrial({ candidate: { version: '2', canary: 1 } });
    const drifted = async (): Promise<number> => (await client.describe('pumps')).drift!.scores;
    const scoresOf = async (): Promise<string> =>
      /^aristarch_score_count.* (\d+)$/m.exec(await scrape(serving.addresses.http))![1]!;
    const before = await scoresOf();
    const driftBefore = await drifted();
    for (let call = 0; call < 5; call++) expect(await client.score(tinyRow(1))).toMatchObject({ modelVersion: '2' });
    expect(await scoresOf()).toBe(before);
    expect(await drifted()).toBe(driftBefore);
    await client.score({ ...tinyRow(1), modelVersion: '1' });
    expect(Number(await scoresOf())).toBe(Number(before) + 1);
    expect(await drifted()).toBe(driftBefore + 1);
  });

  it('without a share is not opened', async () => {
    const { client, count } = await serveTrial({ candidate: { version: '9', canary: 0 } });
    for (let call = 0; call < 5; call++) expect(await client.score(tinyRow(4))).toMatchObject({ modelVersion: '1' });
    expect(await count('failures_total', ',code="NOT_FOUND"')).toBe(0);
  });

  it('is not to blame for what both refuse', async () => {
    const { client, count } = await serveTrial({ candidate: { version: '2', canary: 1 } });
    const refused = await client.refusal({ dense: { width: 4, values: [1, 2, 3, 4] } });
    expect(refused.details).toMatch(/rows are 4 values wide/);
    expect(await count('failures_total')).toBe(0);
  });

  it('whose levels differ gets no packed rows, since they would mean something else to it', async () => {
    const { client, folder, count } = await serveTrial({ candidate: { version: '3', canary: 1 } });
    const features = {
      fields: [
        { kind: 'number' as const, name: 'amount', missing: false, integer: false },
        { kind: 'category' as const, name: 'colour', missing: false, levels: ['blue', 'red'] },
        { kind: 'boolean' as const, name: 'paid', missing: true },
      ],
      excluded: [],
    };
    await folder.write('pumps', '3', 3, { features });
    await client.load('pumps');
    await client.score({ ...tinyRow(1), modelVersion: '3' });
    expect(await client.score(tinyRow(1))).toMatchObject({ modelVersion: '1' });
    expect(await count('failures_total', ',code="SCHEMA_MISMATCH"')).toBe(1);
    expect(await client.score(named(record('m', 1)))).toMatchObject({ modelVersion: '3' });
  });
});
