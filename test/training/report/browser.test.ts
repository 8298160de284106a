import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { renderReport } from '../../../src/training/report/report.ts';
import { collectComplaints, launchBrowser } from '../../support/browser.ts';
import { needs } from '../../support/needs.ts';
import { drawNormal, numberFeature, sampleInput } from './sample-input.ts';

const need = needs('chromium');

/** WCAG 2.2's contrast of each visible text in a chart with the page behind it; run in the page. */
const CHART_CONTRASTS = `(() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => Number(part) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  return [...document.querySelectorAll('.chart text')]
    .filter((text) => text.getBoundingClientRect().width > 0)
    .map((text) => luminance(getComputedStyle(text).fill))
    .map((ink) => (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05));
})()`;

need.describe('the report in a real browser', () => {
  let browser: Browser;
  let folder: string;
  let url: string;
  beforeAll(async () => {
    browser = await launchBrowser();
    folder = await mkdtemp(join(tmpdir(), 'aristarch-report-'));
    const path = join(folder, 'report.html');
    const long = numberFeature(
      'a_column_with_a_name_that_is_far_longer_than_anybody_would_like_it_to_be',
      drawNormal('long', 100),
    );
    const input = sampleInput();
    await writeFile(path, renderReport({ ...input, features: [...input.features, long] }));
    url = pathToFileURL(path).href;
    const critics = { images: 8, own: 0.54, detecting: 0.97, isShownToOwn: false };
    const ofImages = {
      image: { channels: 1, size: 32 },
      calibrationScores: [...drawNormal('few', 8)].sort((a, b) => a - b),
    };
    await writeFile(join(folder, 'images.html'), renderReport({ ...input, ...ofImages, critics }));
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function open(
    colorScheme: 'light' | 'dark',
    width: number,
    address = url,
  ): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const complaints = collectComplaints(page, address);
    await page.goto(address);
    return { page, complaints };
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    need.it(`can be read in the ${colorScheme} scheme, charts included`, async () => {
      const { page, complaints } = await open(colorScheme, 1100);
      const contrasts = await page.evaluate<number[]>(CHART_CONTRASTS);
      expect(contrasts.length).toBeGreaterThan(30);
      expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
      expect(complaints).toEqual([]);
      await page.close();
    });
  }

  need.it('fits a phone without scrolling sideways, with charts drawn for it', async () => {
    const { page } = await open('light', 360);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    const chart = page.getByRole('img', { name: /^Histogram of/ });
    expect(await chart.locator('svg.narrow').isVisible()).toBe(true);
    expect(await chart.locator('svg.wide').isVisible()).toBe(false);
    await page.close();
  });

  need.it('of few images keeps its table of thresholds low on a phone, and has a caption for each table', async () => {
    const { page, complaints } = await open('light', 360, url.replace('report.html', 'images.html'));
    const rows = page.locator('#scores tbody tr');
    const heights = await Promise.all((await rows.all()).map(async (row) => (await row.boundingBox())!.height));
    expect(heights.length).toBeGreaterThan(2);
    // Three lines of text.
    expect(Math.max(...heights)).toBeLessThan(90);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await page.locator('table > caption').count()).toBe(await page.getByRole('table').count());
    expect(complaints).toEqual([]);
    await page.close();
  });

  need.it('has an outline, and a caption for each table, for those who listen to it', async () => {
    const { page } = await open('light', 1100);
    expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
    expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
      'Warnings',
      'Scores of held-out normal rows',
      'Training curves',
      'The most anomalous rows',
      'Features',
      'Excluded columns',
      'Configuration',
      'Libraries',
    ]);
    const tables = await page.getByRole('table').count();
    expect(await page.locator('table > caption').count()).toBe(tables);
    await page.close();
  });

  need.it('prints in ink on paper, whatever the scheme', async () => {
    const { page } = await open('dark', 1100);
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(20_000);
    await page.close();
  });
});
