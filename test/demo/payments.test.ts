import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { drawEvents, type AnomalyKind, type DemoEvent } from '../../src/demo/anomalies.ts';
import { drawPayments, type Payment } from '../../src/demo/payments.ts';
import { writePayments } from '../../src/demo/write-normal.ts';
import { openDatabase } from '../../src/tables/duckdb.ts';

const START_MS = Date.UTC(2026, 0, 5);

function take<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value as T);
}
const payments = (seed: number, count: number): Payment[] =>
  take(drawPayments(createRandom(seed).stream('normal'), START_MS), count);
function events(count: number): DemoEvent[] {
  const random = createRandom(1);
  return take(drawEvents(random.stream('later'), random.stream('faults'), START_MS), count);
}

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const cov = (a: readonly number[], ma: number, b: readonly number[], mb: number) =>
    a.reduce((sum, value, index) => sum + (value - ma) * (b[index]! - mb), 0);
  return cov(x, mx, y, my) / Math.sqrt(cov(x, mx, x, mx) * cov(y, my, y, my));
}

describe('the demo’s normal payments', () => {
  const normal = payments(1, 5000);

  it('are the same for the same seed, and others for another', () => {
    expect(payments(1, 100)).toEqual(normal.slice(0, 100));
    expect(payments(2, 100)).not.toEqual(normal.slice(0, 100));
  });

  it('have columns that hang together, heavy tails, gaps, and days and nights', () => {
    expect(
      correlation(
        normal.map((p) => Math.log(p.items)),
        normal.map((p) => Math.log(p.bytes)),
      ),
    ).toBeGreaterThan(0.9);
    const amounts = normal.map((p) => p.amount_eur).sort((a, b) => a - b);
    expect(amounts.at(-1)! / amounts[2500]!).toBeGreaterThan(15);
    const gaps = normal.filter((p) => p.risk === null).length / normal.length;
    expect(gaps).toBeGreaterThan(0.05);
    expect(gaps).toBeLessThan(0.075);
    const hours = normal.map((p) => p.at.getUTCHours());
    expect(hours.filter((hour) => hour >= 12 && hour < 18).length).toBeGreaterThan(
      2 * hours.filter((hour) => hour < 6).length,
    );
    expect(new Set(normal.map((p) => p.request_id)).size).toBe(normal.length);
  });

  it('never break the rules that the anomalies break', () => {
    expect(normal.some((p) => p.tenant === 'metro' && p.endpoint === 'refund')).toBe(false);
    expect(normal.some((p) => p.items >= 25 && p.bytes < 3000)).toBe(false);
    expect(normal.some((p) => p.retries > 2 || ['AQ', 'XK'].includes(p.country))).toBe(false);
  });
});

describe('the demo’s later events', () => {
  const later = events(5000);
  const of = (kind: AnomalyKind) => later.filter(({ anomaly }) => anomaly === kind).map(({ payment }) => payment);

  it('are anomalous for about one in forty, in all five ways', () => {
    const share = later.filter(({ anomaly }) => anomaly !== undefined).length / later.length;
    expect(share).toBeGreaterThan(0.015);
    expect(share).toBeLessThan(0.035);
    const kinds = new Set(later.map(({ anomaly }) => anomaly));
    expect(kinds.size).toBe(6);
  });

  it('are what the truth about them says', () => {
    expect(of('spike').every((p) => p.retries >= 4 && p.latency_ms > 900)).toBe(true);
    expect(of('broken-relation').every((p) => p.items >= 25 && p.bytes < 620)).toBe(true);
    expect(of('impossible-pair').every((p) => p.tenant === 'metro' && p.endpoint === 'refund')).toBe(true);
    expect(of('unseen-level').every((p) => ['AQ', 'XK'].includes(p.country))).toBe(true);
    expect(of('drift').every((p) => p.tenant === 'harbour')).toBe(true);
  });
});

describe('the demo’s Parquet file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'aristarch-demo-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('holds the payments with their types', async () => {
    const path = join(folder, 'normal.parquet');
    const written = payments(3, 200);
    await writePayments(path, written);
    const database = await openDatabase({});
    const rows = await database.rows(`SELECT * FROM '${path}'`);
    await database.close();
    expect(rows).toEqual(written);
  });
});
