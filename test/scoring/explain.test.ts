import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NamedArrays, Session } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import type { Detector, RawRecord } from '../../src/scoring/detector.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { createScoreCommand } from '../../src/scoring/score-command.ts';
import { openTable } from '../../src/tables/table.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { needs } from '../support/needs.ts';
import { runPythonJson } from '../support/python.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { normalOrders, ODD_ORDER, toCsv, useTinyModel } from '../support/train-tiny.ts';

const tiny = useTinyModel({ steps: 200, generator: false, crossBelow: 0 });
const opened: { detector?: Detector; session?: Session } = {};
const detector = (): Detector => opened.detector!;

beforeAll(async () => {
  opened.detector = await openDetector(tiny().folder, { device: 'cpu' });
  const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  opened.session = await executor.load(await readFile(join(tiny().folder, 'explain.onnx')));
});
afterAll(async () => {
  await opened.detector?.close();
  await opened.session?.close();
});

const orders = normalOrders(60, 7);
/** An order in the middle of the normal ones. */
const plain: RawRecord = { price: 20, items: 2, weight: 2, colour: 'red', wrapped: false, at: '2024-02-06T12:00:00Z' };
const explainOne = async (record: RawRecord, topK?: number) =>
  (await detector().explain([record], topK === undefined ? {} : { topK }))[0]!;

async function runGraph(rows: Float32Array): Promise<NamedArrays> {
  const { rowWidth } = detector().description;
  return opened.session!.run({ rows: { data: rows, shape: [rows.length / rowWidth, rowWidth] } });
}

describe('the score command with --explain', () => {
  async function score(home: string, model: string, records: Parameters<typeof toCsv>[0]) {
    await writeFile(join(home, 'new.csv'), toCsv(records));
    const terminal = createListeningTerminal();
    const files = ['--data', join(home, 'new.csv'), '--out', join(home, 'out.parquet')];
    const args = ['--device', 'cpu', '--model', model, ...files, '--explain', '2'];
    await createScoreCommand(terminal).parseAsync(args, { from: 'user' });
    return terminal;
  }

  it('explains the anomalous rows in a column of JSON', async () => {
    const home = await temporaryFolder('explain');
    const terminal = await score(home, tiny().folder, [...orders.slice(0, 20), { ...orders[0]!, price: 9000 }]);
    expect(terminal.exitCode()).toBeUndefined();
    const table = await openTable({ data: [join(home, 'out.parquet')] });
    const rows = await table.query('anomalous, explanation FROM data');
    await table.close();
    expect(rows.every(({ anomalous, explanation }) => anomalous === (explanation !== null))).toBe(true);
    const contributions = JSON.parse(String(rows.at(-1)!['explanation'])) as unknown[];
    expect(contributions.length).toBeLessThanOrEqual(2);
    expect(contributions[0]).toMatchObject({ field: 'price', value: 9000 });
  });

  it('fails with the remedy, and writes nothing, where the model cannot explain', async () => {
    const home = await temporaryFolder('explain');
    const model = await writeTinyModel(join(home, 'old'));
    const terminal = await score(home, model, [{ amount: 1000, colour: 'red', paid: true }]);
    expect(terminal.exitCode()).toBe(1);
    expect(terminal.err()).toContain('model "tiny" cannot explain');
    expect(existsSync(join(home, 'out.parquet'))).toBe(false);
  });
});

describe('an explanation', () => {
  it.each([
    ['price', 9000, /^price 9,000; normal would be about [\d.]{2,4}$/],
    ['items', 60, /^items 60; normal would be about \d$/],
    ['colour', 'black', /^colour "black", never seen in training; normal would be "(red|blue|green)"$/],
  ])('names the field that was made odd first: %s', async (field, value, sentence) => {
    const { contributions, score, counterpartScore } = await explainOne({ ...plain, [field]: value });
    expect(contributions[0]).toMatchObject({ field, value });
    expect(contributions[0]!.sentence).toMatch(sentence);
    expect(contributions[0]!.contribution).toBeGreaterThan(0.5 * (score - counterpartScore));
  });

  it('has contributions that sum to the difference of the scores, and the score that is served', async () => {
    const records = [ODD_ORDER, { ...plain, price: -50 }, { ...plain, colour: null }, ...orders];
    const explanations = await detector().explain(records);
    const { scores, pValues } = await detector().score(records);
    explanations.forEach(({ score, pValue, counterpartScore, contributions }, row) => {
      const total = contributions.reduce((sum, { contribution }) => sum + contribution, 0);
      expect({ score, pValue }).toEqual({ score: scores[row], pValue: pValues[row] });
      expect(Math.abs(total - (score - counterpartScore))).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(score)));
    });
    expect(explanations[0]!.score - explanations[0]!.counterpartScore).toBeGreaterThan(1);
  });

  it('keeps to the row wherever it changes nothing, and its counterpart has the score that it states', async () => {
    const rows = detector().encode([ODD_ORDER, { ...plain, weight: null }, ...orders]);
    const before = rows.slice();
    const { counterpart, counterpart_score: stated, contributions } = await runGraph(rows);
    expect(rows).toEqual(before);
    const { scores } = await detector().score(counterpart!.data);
    scores.forEach((score, row) => expect(stated!.data[row]).toBeCloseTo(score, 3));
    const { rowWidth, schema } = detector().description;
    // The timestamp is last and has two slots; all others have one.
    const fieldOf = (slot: number): number => Math.min(slot, schema.fields.length - 1);
    const strayed = Array.from(rows.keys()).filter((at) => {
      const changes = contributions!.data[Math.floor(at / rowWidth) * schema.fields.length + fieldOf(at % rowWidth)];
      return changes === 0 && !Object.is(counterpart!.data[at], rows[at]);
    });
    expect(schema.fields.at(-1)!.kind).toBe('timestamp');
    expect(strayed).toEqual([]);
  });

  it('changes nothing in a row that is as normal as can be', async () => {
    const { scores } = await detector().score(orders);
    const calmest = orders[scores.indexOf(Math.min(...scores))]!;
    const { contributions, counterpartScore, score } = await explainOne(calmest);
    expect(contributions).toEqual([]);
    expect(counterpartScore).toBeCloseTo(score, 4);
  });

  it('makes seen levels, whole numbers and real times of what it changes', async () => {
    const { counterpart } = await explainOne(ODD_ORDER);
    expect(['red', 'blue', 'green']).toContain(counterpart['colour']);
    expect(Number.isInteger(counterpart['items'])).toBe(true);
    expect(counterpart['at']).toMatch(/^[MTWFS][a-z]+day \d\d:\d\d:\d\d$/);
  });

  it('speaks of missing values', async () => {
    const { contributions } = await explainOne({ ...plain, colour: null, at: null });
    const sentences = contributions.map(({ sentence }) => sentence).join('\n');
    expect(sentences).toMatch(/^colour is missing; normal would be "(red|blue|green)"$/m);
  });

  it('names as many fields as are asked for, the weightiest first', async () => {
    const all = await explainOne(ODD_ORDER);
    const sizes = all.contributions.map(({ contribution }) => Math.abs(contribution));
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect((await explainOne(ODD_ORDER, 2)).contributions).toEqual(all.contributions.slice(0, 2));
    await expect(explainOne(plain, 0)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: 'an explanation of 0 fields is not possible: give a whole number from 1 on',
    });
  });

  it('of a row does not depend on the rows beside it', async () => {
    const records = [ODD_ORDER, { ...plain, items: 40 }, ...orders.slice(0, 40)];
    const together = await detector().explain(records);
    for (const [row, record] of records.entries()) {
      const alone = await explainOne(record);
      expect(alone.counterpart).toEqual(together[row]!.counterpart);
      alone.contributions.forEach(({ field, contribution }, index) => {
        expect(together[row]!.contributions[index]!.field).toBe(field);
        expect(contribution).toBeCloseTo(together[row]!.contributions[index]!.contribution, 4);
      });
    }
  });

  it('stops when nobody waits for it any longer', async () => {
    let asked = 0;
    const checkAlive = (): void => {
      if (++asked === 2) throw new Error('gone');
    };
    await expect(detector().explain([...orders, ...orders], { checkAlive })).rejects.toThrow('gone');
    expect(asked).toBe(2);
  });

  it('is refused with a remedy where the model has no explain.onnx', async () => {
    const folder = await writeTinyModel(join(await temporaryFolder('explain'), 'old'));
    const old = await openDetector(folder, { device: 'cpu' });
    await expect(old.explain([{ amount: 1, colour: 'red', paid: true }])).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringMatching(/^model "tiny" cannot explain: its folder has no explain.onnx,.*; train it again/),
    });
    await old.close();
  });
});

const EXPLAIN_IN_PYTHON = `
import json, sys
import numpy as np
import onnxruntime
job = json.load(sys.stdin)
rows = np.array([float(value) for value in job["rows"]], dtype=np.float32).reshape(-1, job["width"])
session = onnxruntime.InferenceSession(job["path"], providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
results = dict(zip(names, session.run(names, {"rows": rows})))
json.dump({name: [str(value) for value in values.ravel()] for name, values in results.items()}, sys.stdout)
`;
import { temporaryFolder } from '../support/temporary-folder.ts';

needs('python:onnxruntime').describe("Python's onnxruntime on explain.onnx", () => {
  it('gives the same numbers', async () => {
    const rows = detector().encode([ODD_ORDER, { ...plain, colour: 'black' }, ...orders.slice(0, 20)]);
    const job = { path: join(tiny().folder, 'explain.onnx'), rows: Array.from(rows, String), width: 7 };
    const theirs = runPythonJson(EXPLAIN_IN_PYTHON, job) as Record<string, string[]>;
    const ours = await runGraph(rows);
    expect(Object.keys(theirs).sort()).toEqual(['contributions', 'counterpart', 'counterpart_score', 'score']);
    for (const [name, values] of Object.entries(theirs)) {
      const gaps = values.map((value, at) => {
        const [a, b] = [Number(value), ours[name]!.data[at]!];
        return Object.is(a, b) ? 0 : Math.abs(a - b) / (1 + Math.abs(b));
      });
      expect(Math.max(...gaps)).toBeLessThan(1e-4);
    }
  });
});
