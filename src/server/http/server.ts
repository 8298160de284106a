import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { toListenError } from '../listen-error.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Path -> handler; a path that ends in `/*` stands for everything below it. */
export type Routes = Readonly<Record<string, RequestHandler>>;

export interface HttpServerParts {
  readonly host: string;
  readonly port: number;
  readonly routes: Routes;
  readonly log: Logger;
}
export interface HttpServer {
  readonly port: number;
  /** Answers nothing more, and cuts off what is open: streams of events have no end of their own. */
  stop(): Promise<void>;
}

/** The page may load from this server only, and may be shown in no frame. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
const METHODS = ['GET', 'HEAD'];

/** Serves the routes. Throws `UNAVAILABLE` when the port cannot be opened. */
export async function startHttpServer({ host, port, routes, log }: HttpServerParts): Promise<HttpServer> {
  const server = createServer((request, response) => void dispatch(routes, request, response, log));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(toListenError({ service: 'HTTP', host, port, flag: '--http-port' }, error)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function dispatch(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
  log: Logger,
): Promise<void> {
  const [path = '/'] = (request.url ?? '/').split('?');
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  const handle = findRoute(routes, path);
  if (handle === undefined) {
    sendJson(response, 404, { error: 'there is nothing at this path', paths: Object.keys(routes) });
    return;
  }
  if (!METHODS.includes(request.method ?? '')) {
    response.setHeader('allow', METHODS.join(', '));
    sendJson(response, 405, { error: 'this server answers GET and HEAD only; scores are asked for over gRPC' });
    return;
  }
  try {
    await handle(request, response);
  } catch (error) {
    log.error({ err: error, path }, 'an HTTP request failed through a fault of the server');
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, { error: 'a fault in Aristarch itself; its log says more' });
  }
}

function findRoute(routes: Routes, path: string): RequestHandler | undefined {
  if (Object.hasOwn(routes, path)) return routes[path];
  const below = Object.keys(routes).find((route) => route.endsWith('/*') && path.startsWith(route.slice(0, -1)));
  return below === undefined ? undefined : routes[below];
}

export function sendJson(response: ServerResponse, statusCode: number, value: unknown): void {
  response.statusCode = statusCode;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.end(`${JSON.stringify(value, null, 2)}\n`);
}
