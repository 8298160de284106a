import { basename } from 'node:path';
import { expect, it } from '@jest/globals';
import { renderText, runTool, VALUES_FILES, valuesFile } from '../support/chart.ts';
import { needs } from '../support/needs.ts';

const FILES: readonly (readonly [string, string])[] = VALUES_FILES.map((file) => [basename(file), file]);

/** Checks of kube-score that are left out, and why. */
const NOT_SCORED = [
  // A tag is never moved, and IfNotPresent then starts pods while the registry is away.
  'container-image-pull-policy',
  // Where an autoscaler or one replica is asked for, that is what was asked for.
  'deployment-replicas',
];

needs('tool:helm3', 'tool:kube-score').describe('the judgement of kube-score', () => {
  const score = (text: string) =>
    runTool(
      'kube-score',
      ['score', '--output-format', 'ci', ...NOT_SCORED.flatMap((id) => ['--ignore-test', id]), '-'],
      text,
    );

  it.each(FILES)('says nothing critical of %s', (_name, file) => {
    const { text } = score(renderText({ values: [file] }).text);
    const critical = text.split('\n').filter((line) => line.startsWith('[CRITICAL]'));
    // Where the policy of the network is switched off, that is what it says.
    const expected = file === valuesFile('plain') ? [expect.stringContaining('matching NetworkPolicy')] : [];
    expect(critical).toEqual(expected);
    expect(text).toContain('[OK]');
  });

  it('does, of a container that may write to its root', () => {
    const text = renderText({ values: [valuesFile('pvc')] }).text.replace('readOnlyRootFilesystem: true', '');
    expect(score(text).text).toMatch(/\[CRITICAL\].*writable root filesystem/);
  });
});
