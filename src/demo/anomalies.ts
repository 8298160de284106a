import type { RandomStream } from '../base/philox.ts';
import { drawPayments, round, type Payment } from './payments.ts';

export interface DemoEvent {
  readonly payment: Payment;
  /** Absent for a normal payment. */
  readonly anomaly?: AnomalyKind;
}

export type AnomalyKind = 'spike' | 'broken-relation' | 'impossible-pair' | 'unseen-level' | 'drift';
type InjectedKind = Exclude<AnomalyKind, 'drift'>;

/** What the kinds are, for people. */
export const ANOMALY_MEANINGS: { readonly [K in AnomalyKind]: string } = {
  spike: 'a request that takes twenty times as long, after several retries',
  'broken-relation': 'many items in a tiny message: each value is usual, the two together are not',
  'impossible-pair': 'a refund by a tenant that never refunds',
  'unseen-level': 'a country that training never saw',
  drift: 'one tenant, whose amounts climb slowly to many times the usual',
};

/** How a normal payment becomes an anomalous one; `u` is uniform in [0, 1). */
const INJECTIONS: { readonly [K in InjectedKind]: (payment: Payment, u: number) => Payment } = {
  spike: (payment, u) => ({
    ...payment,
    retries: 4 + Math.floor(u * 4),
    latency_ms: round(payment.latency_ms * (15 + 10 * u) + 900, 1),
  }),
  'broken-relation': (payment, u) => ({ ...payment, items: 25 + Math.floor(u * 30), bytes: 560 + Math.floor(u * 60) }),
  'impossible-pair': (payment) => ({
    ...payment,
    tenant: 'metro',
    endpoint: 'refund',
    country: 'FR',
    card_present: false,
  }),
  'unseen-level': (payment, u) => ({ ...payment, country: u < 0.5 ? 'AQ' : 'XK' }),
};

/** Share of payments that are made anomalous, drift aside. */
const INJECTED_SHARE = 0.018;
/** Every so many events the drifting tenant starts afresh, and climbs over the last part of the cycle. */
const DRIFT = { tenant: 'harbour', cycle: 1000, from: 900, peak: 60, labelledFrom: 8 };

/** Later payments with anomalies among them, and the truth about each; the same for the same random stream. */
export function* drawEvents(payments: RandomStream, faults: RandomStream, startMs: number): Generator<DemoEvent> {
  const uniforms = new Float32Array(3);
  const kinds = Object.keys(INJECTIONS) as InjectedKind[];
  let index = 0;
  for (const payment of drawPayments(payments, startMs)) {
    faults.fillUniform(uniforms, index);
    const [u0 = 1, u1 = 0, u2 = 0] = uniforms;
    const kind = kinds[Math.floor(u1 * kinds.length)] ?? 'spike';
    if (u0 < INJECTED_SHARE) yield { payment: INJECTIONS[kind](payment, u2), anomaly: kind };
    else yield drift(payment, index);
    index += 1;
  }
}

/** A slow climb is called an anomaly once nobody would call it usual; before that, it is neither trained on nor counted on. */
function drift(payment: Payment, index: number): DemoEvent {
  const place = index % DRIFT.cycle;
  if (payment.tenant !== DRIFT.tenant || place < DRIFT.from) return { payment };
  const climb = (place - DRIFT.from) / (DRIFT.cycle - DRIFT.from);
  const factor = DRIFT.peak ** climb;
  const drifted = { ...payment, amount_eur: round(payment.amount_eur * factor, 2) };
  return factor < DRIFT.labelledFrom ? { payment: drifted } : { payment: drifted, anomaly: 'drift' };
}
