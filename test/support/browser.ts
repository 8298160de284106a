import { chromium, type Browser, type Page } from 'playwright-core';

/** Chromium of the machine: CHROMIUM_PATH, else Debian's. Calls no host of its own while it runs. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a page said and asked for that it should not have: console messages, faults, and requests to other hosts. */
export function collectComplaints(page: Page, ownHost: string): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`fault: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(ownHost)) complaints.push(`request to ${request.url()}`);
  });
  return complaints;
}
