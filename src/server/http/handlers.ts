import type { Metrics } from '../metrics.ts';
import { type Routes, sendJson } from './server.ts';

/** One condition of readiness; the reason says why it is not met. */
export interface Check {
  readonly ok: boolean;
  readonly reason?: string;
}
export type Checks = Readonly<Record<string, Check>>;

export interface OperatorParts {
  readonly metrics: Pick<Metrics, 'render'>;
  readonly checks: () => Checks;
}

/**
 * What operators ask: `/metrics` (Prometheus), `/healthz` (is the process alive: restart it if not), `/readyz` (may it get
 * traffic: 200, or 503 with the check that fails).
 */
export function createOperatorRoutes({ metrics, checks }: OperatorParts): Routes {
  return {
    '/metrics': async (request, response) => {
      const { contentType, body } = await metrics.render(request.headers.accept);
      response.setHeader('content-type', contentType);
      response.end(body);
    },
    '/healthz': (_request, response) => sendJson(response, 200, { alive: true }),
    '/readyz': (_request, response) => {
      const current = checks();
      const ready = Object.values(current).every((check) => check.ok);
      sendJson(response, ready ? 200 : 503, { ready, checks: current });
    },
  };
}
