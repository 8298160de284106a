import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { DriftSummary } from '../../../src/scoring/drift/drift-monitor.ts';
import { toShownDrift } from '../../../src/server/http/page/shown-drift.ts';
import { collectComplaints, launchBrowser } from '../../support/browser.ts';
import { needs } from '../../support/needs.ts';
import { publishScores, servePage } from './sample-page.ts';

const field = (name: string, stabilityIndex: number, rest = {}): DriftSummary['fields'][number] => ({
  ...{ name, stabilityIndex, missingShare: 0, trainingMissingShare: 0, unseenShare: 0 },
  ...rest,
});

const CALM: DriftSummary = {
  ...{ alarmProbability: 0.01, window: 10_000, fieldRows: 500 },
  scores: { rows: 500, log10Martingale: -0.3, log10Largest: 0.12345, log10Threshold: 2 },
  fields: [field('amount', 0.01234), field('country', 0.05, { missingShare: 0.1, trainingMissingShare: 0.08 })],
};
const EVIL = '<img src=x onerror=alert(1)>';
const DRIFTED: DriftSummary = {
  ...CALM,
  scores: { rows: 3500, log10Martingale: 40, log10Largest: 400, log10Threshold: 2, alarmAtRow: 3045 },
  fields: [
    ...Array.from({ length: 8 }, (_, index) => field(`quiet_${index}`, 0.001 * index)),
    field('amount', 1.5),
    field(EVIL, 0.3, { unseenShare: 0.25 }),
  ],
};

describe('drift as the page shows it', () => {
  it('is bounded: the fields that have shifted most, odds up to a billion', () => {
    const shown = toShownDrift(DRIFTED);
    expect(shown).toMatchObject({ alarmAtRow: 3045, largestOdds: 1e9, alarmOdds: 100, shifted: 2, fieldCount: 10 });
    expect(shown.fields.map(({ name }) => name)).toEqual(['amount', EVIL, 'quiet_7', 'quiet_6', 'quiet_5', 'quiet_4']);
  });

  it.each([1e-12, 1e-300, 5e-324, 0])(
    'never says that an alarm was raised by less than it takes: probability %p',
    (alarmProbability) => {
      const { largestOdds, alarmOdds } = toShownDrift({ ...DRIFTED, alarmProbability });
      expect(JSON.parse(JSON.stringify({ largestOdds, alarmOdds }))).toEqual({ largestOdds, alarmOdds });
      expect(largestOdds).toBeGreaterThanOrEqual(alarmOdds);
    },
  );

  it('has three digits, so that it is not sent anew for each row', () => {
    expect(toShownDrift(CALM)).toMatchObject({ alarmAtRow: null, largestOdds: 1.33 });
    expect(toShownDrift(CALM).fields[1]).toMatchObject({ name: 'amount', index: 0.0123 });
  });
});

needs('chromium').describe('the panel of drift in a real browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('says that nothing has changed, and when something has, without a complaint', async () => {
    let summary = CALM;
    const served = await servePage({ intervalMs: 20, drift: () => summary });
    const page = await browser.newPage();
    const complaints = collectComplaints(page, served.url);
    await page.goto(served.url);
    const panel = page.locator('#drift');
    await panel.getByText('No change in the scores so far.').waitFor();
    expect(await panel.innerText()).toContain('at most 1.33 to 1; the alarm is raised at 100 to 1');
    expect(await panel.innerText()).toContain('10% missing, 8% in training');
    expect(await panel.locator('li').count()).toBe(2);

    summary = { ...CALM, fields: CALM.fields.map((field) => ({ ...field, stabilityIndex: 2.5e-29 })) };
    publishScores(served.feed, [1], { model: served.model });
    // Rounding, not thirty digits of it.
    await panel
      .getByText('shift 0;')
      .or(panel.getByText('shift 0', { exact: true }))
      .first()
      .waitFor();

    summary = DRIFTED;
    publishScores(served.feed, [1, 2], { model: served.model });
    await panel.getByText('The scores have changed: alarm at record 3,045.').waitFor();
    expect(await panel.innerText()).toContain('2 of 10 fields have shifted much');
    expect(await panel.locator('li').first().innerText()).toContain('amount');
    expect(await panel.locator('li').nth(1).innerText()).toContain(EVIL);
    expect(await panel.innerText()).toContain('25% never seen in training');
    expect(await panel.locator('meter').first().getAttribute('aria-label')).toBe('shift of amount');
    expect(complaints).toEqual([]);
    await page.close();
    await served.stop();
  });

  it('is absent where drift is not watched', async () => {
    const served = await servePage({ intervalMs: 20 });
    const page = await browser.newPage();
    await page.goto(served.url);
    await page.getByText('live', { exact: true }).waitFor();
    expect(await page.locator('#drift').isVisible()).toBe(false);
    await page.close();
    await served.stop();
  });
});
