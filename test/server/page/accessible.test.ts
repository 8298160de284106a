import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { DriftSummary } from '../../../src/scoring/drift/drift-monitor.ts';
import { collectComplaints, launchBrowser } from '../../support/browser.ts';
import { needs } from '../../support/needs.ts';
import { publishScores, servePage, type ServedPage } from './sample-page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const DRIFT: DriftSummary = {
  ...{ alarmProbability: 0.01, window: 10_000, fieldRows: 500 },
  scores: { rows: 3500, log10Martingale: 4, log10Largest: 5, log10Threshold: 2, alarmAtRow: 3045 },
  fields: [
    { name: 'amount', stabilityIndex: 1.5, missingShare: 0, trainingMissingShare: 0, unseenShare: 0 },
    { name: 'country', stabilityIndex: 0.15, missingShare: 0.1, trainingMissingShare: 0.02, unseenShare: 0.25 },
  ],
};

const LOOKS = [
  { look: 'light', colorScheme: 'light', viewport: { width: 1100, height: 1400 } },
  { look: 'dark', colorScheme: 'dark', viewport: { width: 1100, height: 1400 } },
  { look: 'a phone', colorScheme: 'light', viewport: { width: 360, height: 740 } },
  { look: 'a phone in the dark', colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const;

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe-core has against the page, by WCAG 2.2 A and AA and its own best practices. */
async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate<readonly Violation[]>('axe.run().then(({ violations }) => violations)');
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

needs('chromium').describe('the live page, for everybody', () => {
  let browser: Browser;
  let served: ServedPage;
  beforeAll(async () => {
    browser = await launchBrowser();
    const version = { version: '1', state: 'loaded', reason: '' } as const;
    const refused = { version: '2', state: 'refused', reason: 'critic.onnx has another hash' } as const;
    served = await servePage({
      intervalMs: 20,
      drift: () => DRIFT,
      models: () => [
        { model: 'payments', versions: [version, refused], serving: '1', isDefault: true, unloaded: false },
        { model: 'sensors', versions: [version], serving: undefined, isDefault: false, unloaded: false },
      ],
    });
    const scores = Array.from({ length: 300 }, (_, row) => (row % 50 === 0 ? 40 : Math.sin(row)));
    publishScores(served.feed, scores, { model: served.model, recordAt: (row) => ({ amount: row, country: 'DE' }) });
  });
  afterAll(async () => {
    await served.stop();
    await browser.close();
  });

  it.each(LOOKS)('has nothing that axe-core would remark on, in $look', async ({ colorScheme, viewport }) => {
    const page = await open({ colorScheme, viewport });
    expect(await findViolations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
    await page.close();
  });

  it('would be remarked on where a text is too pale and a picture has no name', async () => {
    const page = await open(LOOKS[0]);
    await page.evaluate(
      `document.body.style.color = '#ddd'; document.getElementById('alarms').removeAttribute('aria-label')`,
    );
    const found = (await findViolations(page)).join('\n');
    expect(found).toContain('color-contrast: ');
    expect(found).toContain('svg-img-alt: ');
    await page.close();
  });

  it('tells the alarm rate against its target and band, the models, and what is wrong with one', async () => {
    const page = await open(LOOKS[0]);
    const alarms = page.locator('.alarms');
    await alarms.getByText('6 of 300 records were flagged in the last minute, 2%.').waitFor();
    expect(await alarms.locator('svg .band').count()).toBe(1);
    expect(await alarms.locator('svg').textContent()).toContain('target 1%');
    const rows = page.locator('#models tbody tr');
    expect(await rows.allInnerTexts()).toEqual([
      'payments\t1\tserves, shown here; 1 of 2 versions refused: critic.onnx has another hash',
      'sensors\t–\topened when asked for',
    ]);
    await page.close();
  });

  it('can be used by the keyboard alone, and shows where the focus is', async () => {
    const page = await open(LOOKS[0]);
    const focused: string[] = [];
    for (let press = 0; press < 4; press++) {
      await page.keyboard.press('Tab');
      focused.push(await page.evaluate<string>('document.activeElement.id || document.activeElement.className'));
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none');
    }
    expect(focused.slice(0, 3)).toEqual(['skip', 'pause', 'scroll']);
    await page.close();
  });

  /** A page that has shown what was scored; it may complain of nothing. */
  async function open(options: Pick<(typeof LOOKS)[number], 'colorScheme' | 'viewport'>): Promise<Page> {
    const page = await browser.newPage({ ...options, reducedMotion: 'reduce' });
    const complaints = collectComplaints(page, served.url);
    page.on('close', () => expect(complaints).toEqual([]));
    await page.goto(served.url);
    await page.locator('#models tbody tr').first().waitFor();
    await page.locator('#worst tr').first().waitFor();
    await page.locator('#alarm-verdict', { hasText: 'flagged in the last minute' }).waitFor();
    return page;
  }
});
