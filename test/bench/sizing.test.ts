import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { describeSizing, sizeFor } from '../../docs/make-sizing.ts';
import { measureMessages, sizeBrokers } from '../../docs/sizing-traffic.ts';

const written = readFileSync(resolve(import.meta.dirname, '../../docs/sizing.md'), 'utf8');

describe('sizeFor', () => {
  it('takes so many cores as the CPU time of the events fills to the planned share, and prices them', () => {
    // 10,000 events of 60 microseconds are 0.6 s of CPU a second: one core at 60 %, to the event; and one to spare.
    const measured = { cpuMicroseconds: 60, residentMiB: 256 };
    const assumptions = { price: 0.1, busy: 0.6 };
    expect(sizeFor(10_000, measured, assumptions)).toEqual({
      rate: 10_000,
      processes: 2,
      memoryGib: 0.5,
      dollarsAMonth: 146,
    });
    expect(sizeFor(10_001, measured, assumptions).processes).toBe(3);
    expect(sizeFor(1_000_000, measured, assumptions)).toMatchObject({ processes: 101, memoryGib: 25.25 });
  });
});

describe('sizeBrokers', () => {
  const assumptions = { brokerPrice: 1, diskPrice: 0.1, brokerMegabytes: 100, replicas: 3, keptHours: 10 };
  it('counts what is written as many times as there are replicas, and keeps it for its hours', () => {
    // 1e6 events of 100 bytes with results of 300: 400 MB/s, three times; 1.2 GB x 36,000 s = 43.2 TB.
    const need = sizeBrokers(1_000_000, { event: 100, result: 300 }, assumptions, 730);
    expect(need).toEqual({
      read: 100,
      written: 300,
      stored: 1200,
      brokers: 12,
      diskTerabytes: 43.2,
      dollarsAMonth: 12 * 730 + 4320,
    });
  });

  it('has a broker for each replica at least', () => {
    expect(sizeBrokers(1, { event: 100, result: 300 }, assumptions, 730).brokers).toBe(3);
  });

  it('weighs real messages', () => {
    const { event, result } = measureMessages();
    expect(event).toBeGreaterThan(80);
    expect(result).toBeGreaterThan(event);
    expect(result).toBeLessThan(500);
  });
});

describe('docs/sizing.md', () => {
  it('is what `npm run docs:sizing` writes, but for figures that were measured anew since', async () => {
    const withoutFigures = (text: string): string => text.replaceAll(/[\d.,]+/g, '#').replaceAll(/[ -]+/g, ' ');
    expect(withoutFigures(await describeSizing())).toBe(withoutFigures(written));
  });

  it('has the arithmetic of its price and its share', async () => {
    expect(await describeSizing({ price: 0.125, busy: 0.5 })).toContain('0.125 US dollars');
    const cores = (text: string): number => Number(/\| +1,000,000 \| +([\d,]+)/.exec(text)?.[1]?.replaceAll(',', ''));
    const [at60, at30] = [await describeSizing(), await describeSizing({ price: 0.05, busy: 0.3 })].map(cores);
    expect(at60).toBeGreaterThan(1);
    expect(Math.abs(at30! - 2 * at60!)).toBeLessThanOrEqual(2);
  });
});
