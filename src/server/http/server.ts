import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { toListenError } from '../listen-error.ts';
import type { Authenticate } from '../security/authenticator.ts';
import type { TlsSource } from '../security/tls-material.ts';
import { admitToPage } from './access.ts';

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Path -> handler. */
export type Routes = Readonly<Record<string, RequestHandler>>;

export interface HttpServerParts {
  readonly host: string;
  readonly port: number;
  readonly routes: Routes;
  /** Asked for paths that no route has: the live page. False when the path is none of its own either. */
  readonly otherwise: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Asked before `otherwise`, which shows records; the routes tell of no record and are open to all. */
  readonly authenticate?: Authenticate | undefined;
  /** Plain HTTP when absent. */
  readonly tls?: TlsSource | undefined;
  readonly log: Logger;
  /** How many files this process may have open. */
  readonly openFiles: number;
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

/** Requests have no body and few headers: who takes longer to send one, or opens more connections, is up to something else. */
const LIMITS = {
  ...{ headersTimeout: 10_000, requestTimeout: 10_000, maxHeaderSize: 16_384 },
  // Node looks for them every 30 s where nothing else is said.
  connectionsCheckingInterval: 1000,
};
const MOST_CONNECTIONS = 1000;

/** A quarter of the files that the process may have open, beside the half that is gRPC's. */
export const mostHttpConnections = (openFiles: number): number =>
  Math.max(1, Math.min(MOST_CONNECTIONS, Math.floor(openFiles / 4)));

/** Serves the routes. Throws `UNAVAILABLE` when the port cannot be opened. */
export async function startHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const { host, port } = parts;
  const { server, forget } = createListener(parts);
  server.maxConnections = mostHttpConnections(parts.openFiles);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(toListenError({ service: 'HTTP', host, port, flag: '--http-port' }, error)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        forget();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createListener(parts: HttpServerParts): { server: Server; forget: () => void } {
  const listener = (request: IncomingMessage, response: ServerResponse) => void dispatch(parts, request, response);
  const { tls } = parts;
  if (tls === undefined) return { server: createServer(LIMITS, listener), forget: () => undefined };
  const { cert, key } = tls.current;
  const server = createSecureServer({ ...LIMITS, cert, key }, listener);
  return {
    server,
    forget: tls.subscribe((changed) => server.setSecureContext({ cert: changed.cert, key: changed.key })),
  };
}

async function dispatch(parts: HttpServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request);
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  try {
    if (!METHODS.includes(request.method ?? '')) refuseMethod(response);
    else if (Object.hasOwn(parts.routes, path)) await parts.routes[path]!(request, response);
    else if (await admitToPage(parts.authenticate, request, response)) {
      if (!parts.otherwise(request, response)) refusePath(response, parts.routes);
    }
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
