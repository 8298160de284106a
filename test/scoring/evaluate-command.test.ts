import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createEvaluateCommand } from '../../src/scoring/evaluate-command.ts';
import type { Evaluation } from '../../src/scoring/evaluate.ts';
import { createManifest } from '../support/artefacts.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { needs, pythonPath } from '../support/needs.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let home: string;
let model: string;

beforeAll(async () => {
  home = await temporaryFolder('evaluate');
  const train = join(home, 'normal.csv');
  await writeFile(
    train,
    ['amount,colour,paid', ...Array.from({ length: 60 }, (_, i) => `${(i % 13) / 4},red,`)].join('\n'),
  );
  const { training } = createManifest();
  const manifest = { training: { ...training, config: { data: [train], where: 'amount >= 0', seed: 3 } } };
  model = await writeTinyModel(join(home, 'm'), { manifest });
});

/** Forty normal rows with amounts up to 3.9 and ten anomalies from 6 on; an extra column; labels as given. */
async function writeTest(name: string, normal: string, anomaly: string): Promise<string> {
  const rows = Array.from({ length: 50 }, (_, i) =>
    i < 40 ? `${i / 10},red,,a,${normal}` : `${6 + (i - 40) * 2},red,,b,${anomaly}`,
  );
  const path = join(home, `${name}.csv`);
  await writeFile(path, ['amount,colour,paid,attack,label', ...rows].join('\n'));
  return path;
}

async function run(...args: string[]) {
  const terminal = createListeningTerminal();
  await createEvaluateCommand(terminal).parseAsync(['--device', 'cpu', '--model', model, ...args], { from: 'user' });
  return terminal;
}

async function evaluateJson(...args: string[]): Promise<Evaluation> {
  const terminal = await run(...args, '--json');
  if (terminal.exitCode() !== undefined) throw new Error(terminal.err());
  return JSON.parse(terminal.out()) as Evaluation;
}

describe('the evaluate command', () => {
  it('measures ranking, and what the model does at its own rate', async () => {
    const data = await writeTest('flags', '0', '1');
    expect(await evaluateJson('--data', data, '--label', 'label', '--no-peers')).toMatchObject({
      model: 'tiny',
      rows: 50,
      normals: 40,
      anomalies: 10,
      normalValues: ['0'],
      anomalyValues: ['1'],
      auroc: 1,
      averagePrecision: 1,
      recallAt1PercentFalseAlarms: 1,
      falsePositiveRate: 0.05,
      // A missing `paid` counts 7, so that amounts above 2.4 are flagged: 15 of 40 normal rows.
      realisedFalseAlarmRate: 15 / 40,
      recallAtThreshold: 1,
      ignoredColumns: ['attack'],
      peers: { knn: { status: 'absent', reason: 'left out by --no-peers' }, isolationForest: { status: 'absent' } },
    });
  });

  it.each([
    ['0', '1'],
    ['false', 'true'],
    ['normal', 'neptune'],
    ['Normal', 'smurf'],
    ['0.0', '2.5'],
  ])('knows without a flag that %s is normal and %s is not', async (normal, anomaly) => {
    const data = await writeTest('default', normal, anomaly);
    expect(await evaluateJson('--data', data, '--label', 'label', '--no-peers')).toMatchObject({
      normals: 40,
      auroc: 1,
    });
  });

  it('asks which value is normal where it cannot know, listing the values, and takes the answer', async () => {
    const data = await writeTest('words', 'good', 'bad');
    const asked = await run('--data', data, '--label', 'label', '--no-peers');
    expect(asked.exitCode()).toBe(1);
    expect(asked.err()).toContain(
      'label column "label": none of its values is normal by default (0, false, normal): name the normal value with ' +
        '--normal V, or the anomalous one with --anomaly V. Its values: "good", "bad"',
    );
    const base = ['--data', data, '--label', 'label', '--no-peers'];
    expect(await evaluateJson(...base, '--normal', 'good')).toMatchObject({ normals: 40, auroc: 1 });
    expect(await evaluateJson(...base, '--anomaly', 'bad')).toMatchObject({ normals: 40, auroc: 1 });
    expect(await evaluateJson(...base, '--normal', 'bad')).toMatchObject({ normals: 10, auroc: 0 });
  });

  it('refuses flags that do not fit the values, and labels of one kind', async () => {
    const data = await writeTest('refused', '0', '1');
    const base = ['--data', data, '--label', 'label', '--no-peers'];
    expect((await run(...base, '--normal', 'good')).err()).toContain(
      '--normal is "good", which no row has. Its values: "0", "1"',
    );
    expect((await run(...base, '--normal', '0', '--anomaly', '1')).err()).toContain(
      'give --normal or --anomaly, not both',
    );
    expect((await run(...base, '--where', 'label = 0')).err()).toContain('no row has an anomalous value');
  });

  it('refuses a label that is absent, unknown, or a field of the model', async () => {
    const data = await writeTest('label', '0', '1');
    expect((await run('--data', data, '--label', 'lable', '--no-peers')).err()).toContain('Did you mean "label"?');
    expect((await run('--data', data, '--label', 'colour', '--no-peers')).err()).toContain(
      'train again with --exclude colour',
    );
    const holes = await writeTest('holes', '0', '');
    expect((await run('--data', holes, '--label', 'label', '--no-peers')).err()).toContain(
      `row 40 has no label in "label": leave such rows out with --where '"label" IS NOT NULL'`,
    );
  });

  it('prints a table for people, with the peers absent and why, where there is no Python', async () => {
    const data = await writeTest('people', '0', '1');
    const terminal = await run('--data', data, '--label', 'label', '--python', 'no-such-python');
    expect(terminal.exitCode()).toBeUndefined();
    expect(terminal.out()).toBe(
      [
        '50 rows: 40 normal (0), 10 anomalous (1)',
        '',
        '                  AUROC  average precision  recall at 1 % false alarms',
        'tiny (wgan-gp)   1.0000             1.0000                      1.0000',
        'kNN (5, mean)    absent             absent                      absent',
        'IsolationForest  absent             absent                      absent',
        '',
        "At the model's false-positive rate of 0.05 (score above 9.40000): 37.50 % of the normal rows flagged, 100.00 % of the anomalies found",
        'Peers absent: no-such-python cannot be run (it is not installed): pip install scikit-learn, or set ARISTARCH_PYTHON to a Python that has it',
        'Unknown to the model and ignored: attack',
        '',
      ].join('\n'),
    );
  });

  it('says so where the training data are gone, unless they were named, which is a fault', async () => {
    const data = await writeTest('gone', '0', '1');
    const { training } = createManifest();
    const gone = { training: { ...training, config: { data: [join(home, 'gone.parquet')], seed: 1 } } };
    const orphan = await writeTinyModel(join(home, 'orphan'), { manifest: gone });
    const base = ['--model', orphan, '--data', data, '--label', 'label'];
    const { peers } = await evaluateJson(...base);
    expect(peers.knn).toMatchObject({ status: 'absent', reason: expect.stringContaining('give --train-data') });
    const named = await run(...base, '--train-data', join(home, 'typo.csv'));
    expect(named.exitCode()).toBe(1);
    expect(named.err()).toContain('typo.csv');
  });
});

const need = needs('python:sklearn');
need.describe('the peers', () => {
  need.it('are measured on the same rows, by two treatments, the better one in front', async () => {
    const data = await writeTest('peers', '0', '1');
    const { peers, peerTrainingRows } = await evaluateJson(
      '--data',
      data,
      '--label',
      'label',
      '--python',
      pythonPath(),
    );
    expect(peerTrainingRows).toBe(60);
    for (const peer of [peers.knn, peers.isolationForest]) {
      if (peer.status === 'absent') throw new Error(peer.reason);
      expect(peer.library).toMatch(/^scikit-learn \d/);
      expect(peer.treatments.map(({ treatment }) => treatment)).toEqual(['signed log', 'raw numbers']);
      expect(peer.auroc).toBe(Math.max(...peer.treatments.map(({ auroc }) => auroc)));
      expect(peer.auroc).toBeGreaterThan(0.8);
    }
  });

  need.it('get a sample where there are more training rows than they may have', async () => {
    const data = await writeTest('sample', '0', '1');
    const args = ['--data', data, '--label', 'label', '--python', pythonPath(), '--peer-rows', '20'];
    const first = await evaluateJson(...args);
    expect(first.peerTrainingRows).toBe(20);
    const withoutTime = ({ peers }: Evaluation) => JSON.stringify(peers).replaceAll(/"seconds":[^,}]*/g, '');
    expect(withoutTime(await evaluateJson(...args))).toBe(withoutTime(first));
  });
});
