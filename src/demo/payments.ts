import type { RandomStream } from '../base/philox.ts';

/**
 * A payment service's requests: the demo's world. Columns hang together (bytes follow items, amounts follow tenant and
 * items, latency follows endpoint, bytes and the hour), have heavy tails and gaps, and traffic has its days and nights.
 */
export interface Payment {
  readonly request_id: string;
  readonly at: Date;
  readonly tenant: string;
  readonly endpoint: string;
  readonly country: string;
  readonly amount_eur: number;
  readonly items: number;
  readonly bytes: number;
  readonly latency_ms: number;
  readonly retries: number;
  readonly card_present: boolean;
  /** Absent for one payment in sixteen: the risk service did not answer in time. */
  readonly risk: number | null;
}

/** DuckDB's type of each column. */
export const PAYMENT_COLUMNS: { readonly [K in keyof Payment]: string } = {
  request_id: 'VARCHAR',
  at: 'TIMESTAMP',
  tenant: 'VARCHAR',
  endpoint: 'VARCHAR',
  country: 'VARCHAR',
  amount_eur: 'DOUBLE',
  items: 'INTEGER',
  bytes: 'INTEGER',
  latency_ms: 'DOUBLE',
  retries: 'INTEGER',
  card_present: 'BOOLEAN',
  risk: 'DOUBLE',
};

interface Tenant {
  readonly weight: number;
  /** Median price of an item, in euros. */
  readonly price: number;
  /** Mean of the items beyond the first. */
  readonly moreItems: number;
  readonly cardPresent: number;
  /** Share of refunds; 0: never. */
  readonly refunds: number;
  readonly home: string;
}

const TENANTS: Readonly<Record<string, Tenant>> = {
  grocer: { weight: 30, price: 4, moreItems: 9, cardPresent: 0.97, refunds: 0.01, home: 'DE' },
  bookshop: { weight: 14, price: 14, moreItems: 1.2, cardPresent: 0.25, refunds: 0.05, home: 'DE' },
  harbour: { weight: 10, price: 38, moreItems: 0.6, cardPresent: 0.9, refunds: 0.02, home: 'NL' },
  metro: { weight: 20, price: 2.9, moreItems: 0.4, cardPresent: 0.99, refunds: 0, home: 'FR' },
  fashion: { weight: 12, price: 42, moreItems: 1.6, cardPresent: 0.1, refunds: 0.22, home: 'IT' },
  hotel: { weight: 6, price: 145, moreItems: 0.3, cardPresent: 0.5, refunds: 0.06, home: 'AT' },
  streaming: { weight: 8, price: 11, moreItems: 0, cardPresent: 0, refunds: 0.01, home: 'SE' },
};
const COUNTRIES = { DE: 35, FR: 18, NL: 14, IT: 12, AT: 10, SE: 7, PL: 4 };
/** Median latency of an empty request, in milliseconds. */
const LATENCY = { authorise: 48, capture: 31, refund: 64, status: 9 };

/** Uniform and normal numbers that one payment takes. */
const UNIFORMS = 12;
const NORMALS = 4;
/** Mean time between payments, in milliseconds: a simulated day has 480 of them. */
const MEAN_GAP_MS = 180_000;

/** Payments without end, from `startMs` on; the same for the same random stream. */
export function* drawPayments(random: RandomStream, startMs: number): Generator<Payment, never> {
  const uniforms = new Float32Array(UNIFORMS);
  const normals = new Float32Array(NORMALS);
  let atMs = startMs;
  for (let index = 0; ; index++) {
    random.fillUniform(uniforms, index);
    random.fillNormal(normals, index);
    atMs += (-Math.log(1 - uniforms[0]!) * MEAN_GAP_MS) / traffic(atMs);
    yield drawPayment([...uniforms.subarray(1)], [...normals], Math.round(atMs));
  }
}

function drawPayment(uniforms: readonly number[], normals: readonly number[], atMs: number): Payment {
  const [u0 = 0, u1 = 0, u2 = 0, u3 = 0, u4 = 0, u5 = 0, u6 = 0, u7 = 0, u8 = 0, u9 = 0] = uniforms;
  const [z0 = 0, z1 = 0, z2 = 0, z3 = 0] = normals;
  const tenant = pick(
    mapValues(TENANTS, ({ weight }) => weight),
    u0,
  );
  const habits = TENANTS[tenant]!;
  const endpoint = drawEndpoint(habits, u1);
  const country = u2 < 0.8 ? habits.home : pick(COUNTRIES, u3);
  const items = 1 + Math.floor(-Math.log(1 - u4) * habits.moreItems);
  const amount = items * habits.price * Math.exp(0.3 * z0);
  const bytes = Math.round(420 + 160 * items * Math.exp(0.06 * z1));
  const retries = u5 < 0.94 ? 0 : u5 < 0.99 ? 1 : 2;
  const latency =
    (LATENCY[endpoint] + 0.02 * bytes) * (0.7 + 0.5 * traffic(atMs)) * Math.exp(0.16 * z2) + 180 * retries;
  const cardPresent = u6 < habits.cardPresent;
  const foreign = country === habits.home ? 0 : 1;
  const risk = sigmoid(-2.5 + 0.5 * Math.log(amount / 20) - 1.1 * Number(cardPresent) + foreign + 0.5 * z3);
  return {
    request_id: toId(u7, u8),
    at: new Date(atMs),
    ...{ tenant, endpoint, country, items, bytes, retries },
    amount_eur: round(amount, 2),
    latency_ms: round(latency, 1),
    card_present: cardPresent,
    risk: u9 < 1 / 16 ? null : round(risk, 3),
  };
}

/** Traffic by the hour of the day, 0.3 in the small hours to 1.7 in the afternoon. */
function traffic(atMs: number): number {
  const day = (atMs / 86_400_000) % 1;
  return 1 + 0.7 * Math.sin((day - 0.38) * 2 * Math.PI);
}

function drawEndpoint({ refunds }: Tenant, u: number): keyof typeof LATENCY {
  if (u < refunds) return 'refund';
  const rest = (u - refunds) / (1 - refunds);
  return rest < 0.55 ? 'authorise' : rest < 0.9 ? 'capture' : 'status';
}

/** A key, drawn by weight. */
function pick(weights: Readonly<Record<string, number>>, u: number): string {
  const names = Object.keys(weights);
  let left = u * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return names.find((name) => (left -= weights[name]!) < 0) ?? names.at(-1)!;
}

function mapValues<T>(table: Readonly<Record<string, T>>, map: (value: T) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, map(value)]));
}

function toId(high: number, low: number): string {
  const part = (u: number): string =>
    Math.floor(u * 2 ** 24)
      .toString(16)
      .padStart(6, '0');
  return `req-${part(high)}${part(low)}`;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
