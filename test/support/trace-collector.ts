import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from '@jest/globals';
import { z } from 'zod';
import { until } from './until.ts';

/** OTLP over HTTP with JSON: opentelemetry-proto, collector/trace/v1/trace_service.proto. */
const valueSchema = z.object({
  stringValue: z.string().optional(),
  intValue: z.union([z.number(), z.string()]).optional(),
  doubleValue: z.number().optional(),
});
const attributesSchema = z
  .array(z.object({ key: z.string(), value: valueSchema }))
  .transform((list) =>
    Object.fromEntries(
      list.map(({ key, value: { stringValue, intValue, doubleValue } }) => [
        key,
        stringValue ?? Number(intValue ?? doubleValue),
      ]),
    ),
  );
const spanSchema = z.object({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  traceState: z.string().optional(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  startTimeUnixNano: z.string().transform(BigInt),
  endTimeUnixNano: z.string().transform(BigInt),
  attributes: attributesSchema,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string(), traceState: z.string().optional() })).default([]),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }),
});
const requestSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes: attributesSchema }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});
export type CollectedSpan = z.infer<typeof spanSchema>;

export const SPAN_KINDS = { internal: 1, server: 2, consumer: 5 } as const;
export const STATUS_ERROR = 2;

export interface TraceCollector {
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  readonly resources: readonly Readonly<Record<string, string | number>>[];
  /** Everything that was sent, as text. */
  readonly texts: readonly string[];
  /** Waits for so many spans of a name, and answers them. */
  find(name: string, count?: number): Promise<CollectedSpan[]>;
  /** Those below a span, in the order of their starts. */
  childrenOf(parent: CollectedSpan): CollectedSpan[];
}

export interface CollectorOptions {
  /** `hang` answers nothing. */
  readonly answers?: 'well' | 'hang' | 503;
}

/** Real receivers of OTLP over HTTP, closed after each test. */
export function createCollectorFixture(): (options?: CollectorOptions) => Promise<TraceCollector> {
  const open: Server[] = [];
  afterEach(() => {
    for (const server of open.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  return async ({ answers = 'well' } = {}) => {
    const received: Received = { spans: [], resources: [], texts: [] };
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (answers === 'hang') return;
        if (answers === 'well') take(received, request.url ?? '', Buffer.concat(chunks).toString());
        response.writeHead(answers === 'well' ? 200 : answers, { 'content-type': 'application/json' }).end('{}');
      });
    });
    open.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return toCollector(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, received);
  };
}

interface Received {
  readonly spans: CollectedSpan[];
  readonly resources: Readonly<Record<string, string | number>>[];
  readonly texts: string[];
}

function take({ spans, resources, texts }: Received, path: string, text: string): void {
  if (path !== '/v1/traces') throw new Error(`traces were sent to ${path}`);
  texts.push(text);
  for (const { resource, scopeSpans } of requestSchema.parse(JSON.parse(text)).resourceSpans) {
    resources.push(resource.attributes);
    spans.push(...scopeSpans.flatMap((scope) => scope.spans));
  }
}

function toCollector(endpoint: string, received: Received): TraceCollector {
  const { spans } = received;
  const named = (name: string): CollectedSpan[] => spans.filter((span) => span.name === name);
  return {
    endpoint,
    ...received,
    find: async (name, count = 1) => {
      await until(`${count} spans named ${name}`, () => named(name).length >= count);
      return named(name);
    },
    childrenOf: ({ traceId, spanId }) =>
      spans
        .filter((span) => span.traceId === traceId && span.parentSpanId === spanId)
        .toSorted((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano)),
  };
}
