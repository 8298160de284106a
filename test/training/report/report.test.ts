import { describe, expect, it } from '@jest/globals';
import { renderReport } from '../../../src/training/report/report.ts';
import type { FeatureSummary } from '../../../src/training/report/input.ts';
import { categoryFeature, drawNormal, numberFeature, sampleInput } from './sample-input.ts';

/** The page without its style sheet and tags. */
function visibleText(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');
}

/** Of the networks that a run on images trains: critic, decoder, own critic and generator. */
const IMAGE_CURVES = ['criticLoss', 'penalty', 'meanDifference', 'loss', 'contentLoss', 'styleLoss']
  .concat(['wassersteinEstimate', 'generatorLoss'])
  .map((name) => ({ network: 'network', series: [{ name, steps: [1, 2], values: [1, 2] }] }));

describe('the training report', () => {
  it('says in its headline what was trained, on what, and what the false-alarm rate means', () => {
    const text = visibleText(renderReport(sampleInput()));
    expect(text).toContain('payments version 2026-03-01.1');
    expect(text).toContain('about 10 of 1,000 normal rows will be flagged');
    expect(text).toContain('41.3 s');
    expect(text).toContain('cpu, 2 threads');
  });

  it('speaks of images where rows are images, and of no columns', () => {
    const image = { channels: 3, size: 32 };
    const none = { groups: [], worstRows: [], features: [], warnings: [], config: [] };
    const page = renderReport(sampleInput({ image, ...none, curves: IMAGE_CURVES }));
    const text = visibleText(page);
    expect(text).toContain('Scores of held-out normal images');
    expect(text).toContain('about 10 of 1,000 normal images will be flagged');
    expect(text).toContain('Seen as 32 x 32, colour');
    expect(text).not.toMatch(/\brows?\b/i);
    // A curve that nothing is said of has its name from the code.
    expect(text).not.toMatch(/meanDifference|(content|style|critic|generator)Loss|wassersteinEstimate/);
    expect(page).not.toContain('id="excluded"');
  });

  it('is one file: no script, no request, and a policy that forbids both', () => {
    const page = renderReport(sampleInput());
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|\bon\w+=/i);
    expect(page.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:\/\//);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  it('gives the same bytes for the same input, however often it is made in a process', () => {
    expect(renderReport(sampleInput())).toBe(renderReport(sampleInput()));
  });

  it('escapes every text that comes from outside', () => {
    const evil = `"><script>alert('x')</script>&`;
    const base = sampleInput();
    const page = renderReport({
      groups: [{ name: evil, count: 200, threshold: 1.5, smallestRate: 0.005 }],
      meta: {
        ...base.meta,
        name: evil,
        version: evil,
        family: evil,
        preset: evil,
        device: evil,
        sources: [evil],
        createdAt: evil,
      },
      curves: [
        {
          network: evil,
          series: [{ name: evil, steps: [1, 2], values: [1, 2] }],
          rollbacks: [{ step: 1, reason: evil }],
        },
      ],
      calibrationScores: base.calibrationScores,
      falsePositiveRate: 0.01,
      features: [numberFeature(evil, drawNormal('x', 50)), categoryFeature(evil, { [evil]: 1 })],
      excluded: [{ name: evil, reason: evil }],
      warnings: [evil],
      config: [{ name: evil, value: evil, default: evil, unit: evil, source: evil }],
      worstRows: [{ score: 1, pValue: 0.5, heldOut: true, values: { [evil]: evil } }],
      libraries: { [evil]: evil },
    });
    expect(page).not.toContain('<script');
    expect(page).not.toContain(evil);
    expect(page.split('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;').length).toBeGreaterThan(20);
  });

  it('never prints NaN, undefined or Infinity, whatever the numbers are', () => {
    const holes: FeatureSummary = {
      field: { name: 'holes', kind: 'number', missing: true, integer: false },
      fingerprint: {
        name: 'holes',
        missingShare: 1,
        quantiles: new Array<number>(9).fill(NaN),
        mean: NaN,
        standardDeviation: NaN,
      },
    };
    const page = renderReport(
      sampleInput({
        curves: [
          { network: 'critic', series: [{ name: 'penalty', steps: [1, 2, 3, 4], values: [1, NaN, Infinity, 2] }] },
          { network: 'gone', series: [{ name: 'criticLoss', steps: [1, 2], values: [NaN, NaN] }] },
        ],
        features: [holes],
        worstRows: [{ score: NaN, pValue: NaN, heldOut: false, values: { holes: Infinity } }],
        config: [{ name: 'steps', value: NaN, default: undefined }],
      }),
    );
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(visibleText(page)).toContain('2 values not finite, left out');
    expect(visibleText(page)).toContain('No finite values');
  });

  it('works with one feature, no curves, no warnings and few held-out rows, and refuses rates that these cannot promise', () => {
    const page = renderReport(
      sampleInput({
        curves: [],
        warnings: [],
        excluded: [],
        worstRows: [],
        libraries: {},
        features: [numberFeature('only', drawNormal('only', 60))],
        calibrationScores: [...drawNormal('few', 40)].sort((a, b) => a - b),
      }),
    );
    const text = visibleText(page);
    expect(text).toContain('refused: needs at least 99 held-out rows');
    expect(text).toContain('refused: needs at least 999 held-out rows');
    expect(text).toContain('No curves were recorded');
    expect(page).not.toMatch(/id="(warnings|worst|libraries|sampling)"/);
  });

  it('folds a table of 500 features and stays small', () => {
    const features = Array.from({ length: 500 }, (_, index) =>
      numberFeature(`f${index}`, drawNormal(`f${index}`, 100)),
    );
    const page = renderReport(sampleInput({ features, worstRows: [] }));
    expect(visibleText(page)).toContain('460 further fields');
    expect(page.length).toBeLessThan(1_500_000);
    expect(page).toContain('>f499<');
  });

  it('says each chart in words for those who do not see it', () => {
    const labels = [...renderReport(sampleInput()).matchAll(/role="img"\s+aria-label="([^"]+)"/g)].map(
      (match) => match[1],
    );
    expect(labels).toHaveLength(7);
    expect(labels[0]).toMatch(/^Histogram of 2,400 scores, from -1\.\d+ to \d.*1 % at 3\.652/);
    expect(labels[1]).toMatch(/^Line chart\. Critic loss by step: .* at step .* Rollbacks at steps 412\.$/);
  });

  it('gives every id once, drawings included', () => {
    const ids = [...renderReport(sampleInput()).matchAll(/\bid="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says when a sample was trained on, and which options differ from their defaults', () => {
    const base = sampleInput();
    const page = renderReport({
      ...base,
      meta: { ...base.meta, rowsInSource: 5_000_000 },
      sampling: { memoryBudgetBytes: 2 ** 31, seed: 4 },
    });
    expect(visibleText(page)).toContain('The source has 5,000,000 rows, more than the memory budget of 2 GiB holds');
    expect(page).toContain('<mark>5e-5</mark>');
    expect(page).not.toContain('<mark>1,000</mark>');
  });

  it('puts a bad row’s rarest values first and marks them', () => {
    const page = renderReport(sampleInput());
    const first = /<ol class="worst">[\s\S]*?<\/ul>/.exec(page)?.[0] ?? '';
    expect(visibleText(first)).toMatch(/amount_eur 981\.2.*endpoint void.*card_present true/);
    expect(first.match(/<mark>/g)).toHaveLength(2);
  });
});
