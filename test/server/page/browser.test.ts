import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { collectComplaints, launchBrowser } from '../../support/browser.ts';
import { needs } from '../../support/needs.ts';
import { publishScores, servePage, type ServedPage } from './sample-page.ts';

const need = needs('chromium');

need.describe('the live page in a real browser', () => {
  let browser: Browser;
  let served: ServedPage;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
  });

  need.it('shows what was really streamed, safely, without a complaint', async () => {
    served = await servePage({ intervalMs: 20 });
    const page = await browser.newPage();
    const complaints = collectComplaints(page, served.url);
    await page.goto(served.url);
    await page.getByText('live', { exact: true }).waitFor();
    expect(await page.locator('h1').innerText()).toBe('payments version 2026-03-01.1');

    const evil = '<img src=x onerror=alert(1)>';
    publishScores(served.feed, [0, 0.5, 77.25], {
      model: served.model,
      recordAt: () => ({ [evil]: evil, amount: 1234.5 }),
    });
    await page.locator('#rows', { hasText: /^3$/ }).waitFor();
    expect(await page.locator('#flagged').innerText()).toBe('1');
    expect(await page.locator('#stream .dot').count()).toBe(2);
    expect(await page.locator('#stream .flag').count()).toBe(1);
    const worst = page.locator('#worst tr').first();
    expect(await worst.innerText()).toContain('77.25');
    expect(await worst.innerText()).toContain(evil);
    expect(await worst.innerText()).toContain('amount 1234.5');
    expect(await page.locator('#worst img').count()).toBe(0);

    await page.locator('#pause').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#pause').getAttribute('aria-pressed')).toBe('true');
    publishScores(served.feed, [0.25], { model: served.model });
    await page.locator('#pause').click();
    await page.locator('#rows', { hasText: /^4$/ }).waitFor();
    expect(complaints).toEqual([]);

    await served.stop();
    await page.getByText('connection lost, trying again').waitFor();
    await page.close();
  });

  need.it('says that each group has its own threshold, where the model has groups', async () => {
    const group = { count: 1000, smallestFalsePositiveRate: 1 / 1001 };
    served = await servePage({ intervalMs: 20 }, [
      { name: 'site = a', ...group },
      { name: 'the rest', ...group },
    ]);
    const page = await browser.newPage();
    await page.goto(served.url);
    await page.locator('#stream', { hasText: 'each of 2 groups has its own threshold' }).waitFor();
    expect(await page.locator('#stream').textContent()).not.toContain('flagged above');
    await page.close();
    await served.stop();
  });

  need.it('fits a phone without scrolling sideways', async () => {
    served = await servePage({ intervalMs: 20 });
    const page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    publishScores(served.feed, [0, 9], {
      model: served.model,
      recordAt: () => ({ a_field_with_a_long_name_indeed: 'z'.repeat(300) }),
    });
    await page.goto(served.url);
    await page.locator('#worst tr').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.close();
    await served.stop();
  });
});
