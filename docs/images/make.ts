/**
 * Takes the README's pictures anew: runs the demo as a person would, and photographs the live page and the report with
 * Chromium (CHROMIUM_PATH, else /usr/bin/chromium). `npm run screenshots`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../test/support/browser.ts';

/** Long enough for anomalies of every kind, and for a minute's alarm rate, to be on the page. */
const WATCH_MS = 75_000;
const ROOT = join(import.meta.dirname, '../..');

const folder = await mkdtemp(join(tmpdir(), 'aristarch-pictures-'));
const flags = ['demo', '--grpc-port', '0', '--http-port', '0', '--rate', '40'];
// Run in the empty folder, so that no path of this machine gets into the pictures.
const demo = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), join(ROOT, 'src/cli.ts'), ...flags], {
  cwd: folder,
  stdio: ['ignore', 'inherit', 'pipe'],
});
const browser = await launchBrowser();
try {
  const url = await readAddress();
  await sleep(WATCH_MS);
  await photograph(browser, url, 'live-page', { part: '.reasons' });
  await photograph(browser, url, 'live-page-dark', { part: '.reasons', colorScheme: 'dark', fullPage: true });
  await photograph(browser, url, 'live-page-phone', { part: '.reasons', width: 390, height: 844, fullPage: true });
  const report = pathToFileURL(join(folder, 'models/demo/model/report.html')).href;
  await photograph(browser, report, 'report', { height: 2000 });
} finally {
  await browser.close();
  if (demo.exitCode === null) {
    demo.kill('SIGINT');
    await once(demo, 'exit');
  }
  await rm(folder, { recursive: true });
}

/** The live page's address, as the demo says it; everything it says is passed on. */
async function readAddress(): Promise<string> {
  for await (const line of createInterface({ input: demo.stderr })) {
    process.stderr.write(`${line}\n`);
    const address = /live page: (http\S+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('the demo ended before it served a page');
}

interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
  readonly fullPage?: boolean;
  /** Waited for, where it comes later than the page. */
  readonly part?: string;
}

async function photograph(browser: Browser, url: string, name: string, look: Look): Promise<void> {
  const { width = 1100, height = 1420, colorScheme = 'light', fullPage = false, part = 'body' } = look;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.goto(url);
  await page.locator(part).first().waitFor();
  // Pages that draw by themselves have drawn by then.
  await sleep(3000);
  await page.screenshot({ path: join(import.meta.dirname, `${name}.png`), fullPage });
  await page.close();
}
