import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { toListenError } from '../listen-error.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Path -> handler. */
export type Routes = Readonly<Record<string, RequestHandler>>;

export interface HttpServerParts {
  readonly host: string;
  readonly port: number;
  readonly routes: Routes;
  /** Asked for paths that no route has: the live page. False when the path is none of its own either. */
  readonly otherwise: (request: IncomingMessage, response: ServerResponse) => boolean;
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
export async function startHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const { host, port } = parts;
  const server = createServer((request, response) => void dispatch(parts, request, response));
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

async function dispatch(parts: HttpServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  try {
    if (!METHODS.includes(request.method ?? '')) refuseMethod(response);
    else if (Object.hasOwn(parts.routes, path)) await parts.routes[path]!(request, response);
    else if (!parts.otherwise(request, response)) refusePath(response, parts.routes);
  } catch (error) {
    parts.log.error({ err: error, path }, 'an HTTP request failed through a fault of the server');
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, { error: 'a fault in Aristarch itself; its log says more' });
  }
}

/**
 * What a request asks for, without its query, and without the server's name, which proxies may put before it. Not by `URL`,
 * which throws at `//` and whatever else a scanner sends.
 */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/\?.*$/s, '').replace(/^https?:\/\/[^/]*/, '');
}

function refuseMethod(response: ServerResponse): void {
  response.setHeader('allow', METHODS.join(', '));
  sendJson(response, 405, { error: 'this server answers GET and HEAD only; scores are asked for over gRPC' });
}

function refusePath(response: ServerResponse, routes: Routes): void {
  sendJson(response, 404, { error: 'there is nothing at this path', paths: ['/', ...Object.keys(routes)] });
}

export function sendJson(response: ServerResponse, statusCode: number, value: unknown): void {
  response.statusCode = statusCode;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('cache-control', 'no-store');
  response.end(`${JSON.stringify(value, null, 2)}\n`);
}
