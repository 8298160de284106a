import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { fingerprintOf } from '../../deploy/cluster/fingerprint.ts';
import { CHART } from '../../deploy/helm/chart/files.ts';
import { NOT_IN_A_CLUSTER, readCommands, readCommandsOfClusters, readGuides } from '../../deploy/cluster/guide.ts';
import { MODULES } from '../../deploy/cluster/modules.ts';
import { describeCheck } from '../../deploy/cluster/report.ts';
import { listTrials } from '../../deploy/cluster/trials.ts';
import { VALUES_FILES } from '../support/chart.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('docs/cluster-check.md', () => {
  it('is of the trials that there are now, and of every values file', () => {
    const page = read('docs/cluster-check.md');
    const trials = listTrials(VALUES_FILES).map(({ what }) => what);
    expect(trials.filter((what) => !page.includes(what))).toEqual([]);
    expect(trials.length).toBeGreaterThan(VALUES_FILES.length);
  });

  it('is of the chart as it is now: `npm run check:cluster -- --write` writes it anew', () => {
    expect(read('docs/cluster-check.md')).toContain(`fingerprint \`${fingerprintOf(CHART)}\``);
  });

  it('is found out by one letter in a template, and not by the suites that render', () => {
    const copy = mkdtempSync(join(tmpdir(), 'aristarch-fingerprint-'));
    cpSync(CHART, copy, { recursive: true });
    appendFileSync(join(copy, 'tests/pod_test.yaml'), '#');
    expect(fingerprintOf(copy)).toBe(fingerprintOf(CHART));
    appendFileSync(join(copy, 'templates/service.yaml'), '#');
    expect(fingerprintOf(copy)).not.toBe(fingerprintOf(CHART));
    rmSync(copy, { recursive: true });
  });

  it('has a row for each life, and a line for what was shown', () => {
    const steps = [{ name: 'install', seconds: 4.21 }];
    const page = describeCheck({
      ready: 3.6,
      lives: [{ helm: 'helm4', values: 'pvc', steps, pods: 2, resources: 7 }],
      shown: [{ what: 'it is refused', seconds: 0.46 }],
      seconds: 61.4,
    });
    expect(page).toContain('| `ci/pvc.yaml` | 4 | 4.2 | 2 | 7 |');
    expect(page).toContain('| it is refused | 0.5 |');
    expect(page).toMatch(/ in 61 s\..*ready in 4 s/s);
  });
});

describe('the programs of the control plane', () => {
  it('are those of its description', () => {
    const tools = read('.ci/go-tools.sh');
    for (const module of [MODULES.kubernetes, MODULES.kwok]) {
      const [path, version] = module.split('@');
      const versions = [...tools.matchAll(new RegExp(`^\\S+ +(\\S+) +${path!} `, 'gm'))].map(([, found]) => found);
      expect([path, [...new Set(versions)]]).toEqual([path, [version]]);
    }
  });
});

describe('the guides to Kubernetes', () => {
  const commands = readGuides();

  it('have no command that nobody runs', () => {
    const starts = Object.keys(NOT_IN_A_CLUSTER);
    const left = commands.filter((line) => !starts.some((start) => line.startsWith(start)));
    expect(left).toEqual(readCommandsOfClusters());
    expect(left.filter((line) => !/^(helm|kubectl) /.test(line))).toEqual([]);
    expect(left.length).toBeGreaterThan(6);
    expect(starts.filter((start) => !commands.some((line) => line.startsWith(start)))).toEqual([]);
  });

  it('are read block by block, with lines that go on', () => {
    const text = 'x\n\n```sh\na \\\n  b\nc\n```\n\n```yaml\nd: e\n```\n\n```sh cluster\nf\n```\n';
    expect(readCommands(text)).toEqual(['a    b', 'c', 'f']);
  });

  it('name only files that are there', () => {
    const paths = commands.flatMap((line) => line.match(/\bdeploy\/[\w./-]+/g) ?? []);
    // The model is what `train` writes.
    expect(paths.filter((path) => path !== 'deploy/compose/model' && !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
