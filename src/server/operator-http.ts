import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import type { ServeConfig } from './config.ts';
import { createOperatorRoutes, type OperatorParts } from './http/handlers.ts';
import type { PageFeed } from './http/page/feed.ts';
import { createPage, type Page, type PageParts } from './http/page/page.ts';
import { sendJson, startHttpServer } from './http/server.ts';
import { hostPort } from './listen-error.ts';
import { readOpenFiles } from './open-files.ts';
import type { Security } from './security/security.ts';

export interface OperatorHttpParts extends OperatorParts {
  readonly config: Pick<ServeConfig, 'httpHost' | 'httpPort' | 'httpTls'>;
  readonly log: Logger;
  readonly clock: Clock;
  /** How many files the process may have open; what the system says when absent. */
  readonly openFiles?: (() => number) | undefined;
  readonly security: Pick<Security, 'tls' | 'authenticateToken'>;
  /** What the live page shows of the scores. */
  readonly feed: PageFeed;
}

/** What the live page shows beside the scores. */
export type PageView = Pick<PageParts, 'model' | 'explain' | 'drift' | 'models'>;

export interface OperatorHttp {
  /** host:port, with the port that was really opened. */
  readonly address: string;
  /** Shows another model; browsers connect anew to its page. */
  readonly show: (view: PageView) => void;
  /** Ends the live page, and then everything else. */
  stop(): Promise<void>;
}

/** The HTTP entrance: probes and metrics at once, the live page from the first model on. Throws `UNAVAILABLE`. */
export async function startOperatorHttp(parts: OperatorHttpParts): Promise<OperatorHttp> {
  const { config, log, clock, security, feed, openFiles = readOpenFiles } = parts;
  let page: Page | undefined;
  const http = await startHttpServer({
    host: config.httpHost,
    port: config.httpPort,
    log,
    openFiles: openFiles(),
    tls: config.httpTls ? security.tls : undefined,
    authenticate: security.authenticateToken,
    routes: createOperatorRoutes(parts),
    otherwise: (request, response) => {
      if (page !== undefined) return page.handle(request, response);
      sendJson(response, 503, { error: 'there is no live page before a default model is open' });
      return true;
    },
  });
  const address = hostPort(config.httpHost, http.port);
  log.info({ http: address }, 'HTTP is open; the model is being loaded');
  return {
    address,
    show: (view) => {
      page?.close();
      page = createPage({ ...view, feed, clock });
    },
    stop: () => {
      page?.close();
      return http.stop();
    },
  };
}
