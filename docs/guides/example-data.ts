/** Writes the files that the guides work on: `npm run guides:data`, into the folder `example`, or the one that is named behind it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { createRandom, type RandomStream } from '../../src/base/philox.ts';
import { drawEvents } from '../../src/demo/anomalies.ts';
import { drawPayments, round, type Payment } from '../../src/demo/payments.ts';

const START_MS = Date.UTC(2026, 0, 5);
const SIZE = 24;

type Row = Readonly<Record<string, string | number | boolean | Date | null>>;

async function writeExample(folder: string): Promise<void> {
  const random = createRandom(1);
  const world = drawPayments(random.stream('normal'), START_MS);
  const normal = take(4000, world);
  const later = drawEvents(random.stream('later'), random.stream('faults'), normal.at(-1)!.at.getTime());
  const labelled = take(3000, later).map(({ payment, anomaly }) => ({ ...payment, label: anomaly ?? 'normal' }));
  const fresh = take(500, later).map(({ payment }) => payment);
  const tables: Readonly<Record<string, readonly Row[]>> = {
    'normal.csv': toRows(normal),
    'labelled.csv': labelled,
    'new.csv': toRows(fresh),
    'newer.csv': toRows(take(2000, world)).map(afterTheMove),
    'bookshop.csv': ofTenant('bookshop', normal).slice(0, 150),
    'fashion.csv': ofTenant('fashion', normal).map(inCents),
  };
  await mkdir(folder, { recursive: true });
  for (const [name, rows] of Object.entries(tables)) await writeFile(join(folder, name), toCsv(rows));
  await writeParts(folder, random.stream('parts'));
}

function take<T>(count: number, source: Iterator<T>): T[] {
  return Array.from({ length: count }, () => source.next().value as T);
}

const toRows = (payments: readonly Payment[]): Row[] => payments.map((payment) => ({ ...payment }));

/** The data centre has moved overseas: everything takes longer, and nothing is wrong. */
function afterTheMove(payment: Row): Row {
  return { ...payment, latency_ms: round(Number(payment['latency_ms']) * 4 + 150, 1) };
}

function ofTenant(name: string, payments: readonly Payment[]): Row[] {
  return payments.filter(({ tenant }) => tenant === name).map((payment) => without('tenant', { ...payment }));
}

/** Another unit, and a column that is not kept there. */
function inCents(payment: Row): Row {
  return without('risk', { ...payment, amount_eur: Math.round(100 * Number(payment['amount_eur'])) });
}

function without(column: string, row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== column));
}

function toCsv(rows: readonly Row[]): string {
  const cell = (value: Row[string]): string => (value instanceof Date ? value.toISOString() : String(value ?? ''));
  const lines = [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row).map(cell))];
  return `${lines.map((cells) => cells.join(',')).join('\n')}\n`;
}

/** Photographs of washers: a bright ring, somewhere near the middle. Of the new ones every fifth is scratched. */
async function writeParts(folder: string, random: RandomStream): Promise<void> {
  await mkdir(join(folder, 'parts/good'), { recursive: true });
  await mkdir(join(folder, 'parts/new'), { recursive: true });
  for (let i = 0; i < 125; i++) {
    const isNew = i >= 100;
    const isScratched = isNew && i % 5 === 0;
    const name = isNew ? `new/${isScratched ? 'scratched' : 'fine'}-${i}.png` : `good/${i}.png`;
    await writeFile(join(folder, 'parts', name), drawWasher(random, i, isScratched));
  }
}

function drawWasher(random: RandomStream, index: number, isScratched: boolean): Uint8Array {
  const noise = new Float32Array(SIZE * SIZE);
  const place = new Float32Array(4);
  random.fillNormal(noise, index);
  random.fillUniform(place, index);
  const [dx = 0, dy = 0, dr = 0, at = 0] = place;
  const data = Uint8Array.from(noise, (z, pixel) => {
    const [x, y] = [(pixel % SIZE) - SIZE / 2 - dx, Math.floor(pixel / SIZE) - SIZE / 2 - dy];
    const fromRing = Math.abs(Math.hypot(x, y) - 7 - dr);
    const isOnScratch = isScratched && Math.abs(x - y + 6 * (at - 0.5)) < 1.2;
    return Math.max(0, Math.min(255, 40 + 170 * Math.exp(-((fromRing / 2.2) ** 2)) - (isOnScratch ? 150 : 0) + 5 * z));
  });
  return encode({ width: SIZE, height: SIZE, data, channels: 1, depth: 8 });
}

const folder = process.argv[2] ?? 'example';
await writeExample(folder);
console.log(`wrote payments and pictures of parts to ${folder}/`);
