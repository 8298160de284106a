import { createRandom } from '../../src/base/philox.ts';

/** A record of the small shop whose orders are normal: every kind of field, missing values, a heavy tail. */
export type Order = {
  /** Depends on the colour: around 20 for red, 40 for blue, 80 for green. */
  readonly price: number;
  readonly items: number;
  /** Missing in one of ten. */
  readonly weight: number | null;
  readonly colour: 'red' | 'blue' | 'green';
  /** Items above 4 are always wrapped. */
  readonly wrapped: boolean;
  /** During the day, UTC. */
  readonly at: string;
};

const COLOURS = ['red', 'blue', 'green'] as const;

/** Normal orders, the same for the same seed. */
export function normalOrders(count: number, seed = 1): Order[] {
  const stream = createRandom(seed).stream('orders');
  const [normal, uniform] = [new Float32Array(3), new Float32Array(6)];
  return Array.from({ length: count }, (_, row) => {
    stream.fillNormal(normal, row);
    stream.fillUniform(uniform, row);
    const [a = 0, b = 0] = normal;
    const [p = 0, q = 0, r = 0, s = 0, t = 0] = uniform;
    const colour = p < 0.6 ? 0 : p < 0.9 ? 1 : 2;
    const items = 1 + Math.floor(6 * q * q);
    const time = new Date(Date.UTC(2024, 0, 1 + Math.floor(100 * s), 8 + Math.floor(10 * t), Math.floor(60 * q)));
    return {
      price: Number((20 * 2 ** colour * Math.exp(0.2 * a)).toFixed(2)),
      items,
      weight: r < 0.1 ? null : Number((items * (1 + 0.1 * b)).toFixed(3)),
      colour: COLOURS[colour],
      wrapped: items > 4,
      at: time.toISOString(),
    };
  });
}

/** An order that no normal one is like. */
export const ODD_ORDER = {
  price: 9000,
  items: 60,
  weight: -5,
  colour: 'black',
  wrapped: false,
  at: '2024-01-01T03:00:00Z',
} as const;

type Cell = string | number | boolean | null;

export function toCsv(records: readonly Readonly<Record<string, Cell>>[]): string {
  const names = Object.keys(records[0] ?? {});
  const lines = records.map((record) => names.map((name) => String(record[name] ?? '')));
  return `${[names, ...lines].map((cells) => cells.join(',')).join('\n')}\n`;
}
