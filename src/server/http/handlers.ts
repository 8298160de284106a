import type { ServerResponse } from 'node:http';
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
 * traffic: 200, or 503 with the check that fails), `/readyz/calls` (may it get calls: the same without Kafka, which no caller waits for).
 */
export function createOperatorRoutes({ metrics, checks }: OperatorParts): Routes {
  return {
    '/metrics': async (request, response) => {
      const { contentType, body } = await metrics.render(request.headers.accept);
      response.setHeader('content-type', contentType);
      response.end(body);
    },
    '/healthz': (_request, response) => sendJson(response, 200, { alive: true }),
    '/readyz': (_request, response) => sendChecks(response, checks()),
    '/readyz/calls': (_request, response) => {
      const others = Object.entries(checks()).filter(([part]) => part !== 'kafka');
      sendChecks(response, Object.fromEntries(others));
    },
  };
}

function sendChecks(response: ServerResponse, checks: Checks): void {
  const ready = Object.values(checks).every((check) => check.ok);
  sendJson(response, ready ? 200 : 503, { ready, checks });
}
