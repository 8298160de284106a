import type { Check, Checks } from './http/handlers.ts';

export interface Readiness {
  readonly checks: () => Checks;
  /** Sets how a part is asked; a text says why it is not ready. */
  readonly set: (part: Part, check: (() => Check) | 'ready' | { readonly waitsFor: string }) => void;
}

/** The parts that must be there before traffic is. Kafka counts only where it is configured. */
export type Part = 'model' | 'grpc' | 'kafka';

/** What `/readyz` answers, put together from the parts as they come and go. */
export function createReadiness(): Readiness {
  const asked = new Map<Part, () => Check>();
  return {
    checks: () => Object.fromEntries([...asked].map(([part, check]) => [part, check()])),
    set(part, check) {
      if (typeof check === 'function') asked.set(part, check);
      else asked.set(part, () => (check === 'ready' ? { ok: true } : { ok: false, reason: check.waitsFor }));
    },
  };
}
