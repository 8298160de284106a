import { readFileSync } from 'node:fs';
import { extname } from 'node:path';

/** Everything the page loads. A closed list: no path from a request ever reaches the file system. */
const FILES = {
  '/': 'index.html',
  '/assets/page.css': 'page.css',
  '/assets/page.js': 'page.js',
  '/assets/charts.js': 'charts.js',
  '/assets/alarm-chart.js': 'alarm-chart.js',
  '/assets/models-table.js': 'models-table.js',
  '/assets/alarms.css': 'alarms.css',
  '/assets/drift.css': 'drift.css',
  '/assets/drift-panel.js': 'drift-panel.js',
  '/assets/worst-table.js': 'worst-table.js',
  '/assets/format.js': 'format.js',
  '/assets/icon.svg': 'icon.svg',
} as const;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page runs its own script, talks to its own server, and nothing else; records shown on it can do no harm. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

export interface Asset {
  readonly contentType: string;
  readonly body: Buffer;
}

/** The page's files by path, read once at start. */
export function readAssets(): ReadonlyMap<string, Asset> {
  return new Map(
    Object.entries(FILES).map(([path, file]) => [
      path,
      {
        contentType: CONTENT_TYPES[extname(file)] ?? 'application/octet-stream',
        body: readFileSync(new URL(`./assets/${file}`, import.meta.url)),
      },
    ]),
  );
}
