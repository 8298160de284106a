import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { pathOf } from '../server.ts';
import { PAGE_HEADERS, readAssets } from './assets.ts';
import { EventStream, toEvent } from './event-stream.ts';
import type { PageFeed } from './feed.ts';
import { PageState } from './page-state.ts';
import type { ExplainRecord } from './reasons.ts';
import type { ShownDrift } from './shown-drift.ts';
import type { ShownModel } from './shown-model.ts';
import type { ShownModels } from './shown-models.ts';

export interface PageParts {
  readonly model: ShownModel;
  /** Absent: the worst records are shown without reasons. */
  readonly explain?: ExplainRecord | undefined;
  readonly feed: PageFeed;
  readonly clock: Clock;
  /** How what is scored drifts; the page has no such panel when absent, or as long as it answers undefined. */
  readonly drift?: (() => ShownDrift | undefined) | undefined;
  /** All models of the process; the same. */
  readonly models?: (() => ShownModels | undefined) | undefined;
  /** Most pages open at once. */
  readonly maxClients?: number;
  /** Milliseconds between messages. */
  readonly intervalMs?: number;
}

export interface Page {
  /** Answers GET and HEAD of the page, its files and its events; false when the path is none of the page's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Pages connected at present. */
  readonly clients: number;
  /** Ends all event streams; to be called before the HTTP server closes, which waits for them. */
  close(): void;
}

/** The live page: scores streaming by, their histogram against the calibration, and the worst records lately. */
export function createPage({ model, explain, feed, clock, drift, models, ...limits }: PageParts): Page {
  const assets = readAssets();
  const state = new PageState(model, feed, clock, explain);
  const stream = new EventStream({
    ...limits,
    greet: () =>
      toEvent('model', state.model) + toEvent('scores', state.backlog()) + driftEvent(drift) + modelsEvent(models),
    tick: joinTicks(
      createTick(state),
      createSlowTick(() => driftEvent(drift), clock),
      createSlowTick(() => modelsEvent(models), clock),
    ),
  });
  return {
    get clients() {
      return stream.clients;
    },
    handle(request, response) {
      const path = pathOf(request);
      const asset = assets.get(path);
      if (asset === undefined && path !== '/events') return false;
      if (asset === undefined) {
        answerEvents(stream, request, response);
      } else {
        response.writeHead(200, { ...PAGE_HEADERS, 'content-type': asset.contentType });
        response.end(request.method === 'HEAD' ? undefined : asset.body);
      }
      return true;
    },
    close() {
      stream.close();
      state.close();
    },
  };
}

function answerEvents(stream: EventStream, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET') stream.add(response);
  else response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end();
}

/** A message while rows come or the shown rates still change; silence otherwise. */
function createTick(state: PageState): () => string | undefined {
  let last = '';
  return () => {
    const scores = state.next();
    const text = JSON.stringify({ ...scores, atMs: undefined });
    if (text === last) return undefined;
    last = text;
    return toEvent('scores', scores);
  };
}

function driftEvent(drift: PageParts['drift']): string {
  const shown = drift?.();
  return shown === undefined ? '' : toEvent('drift', shown);
}

function modelsEvent(models: PageParts['models']): string {
  const shown = models?.();
  return shown === undefined ? '' : toEvent('models', shown);
}

/** Figures that go over all fields, or all models, are looked at once a second, and sent where they have changed. */
const SLOW_MS = 1000;

function createSlowTick(read: () => string, clock: Clock): () => string | undefined {
  let [last, lookedAtMs] = ['', -Infinity];
  return () => {
    if (clock.monotonicMs() - lookedAtMs < SLOW_MS) return undefined;
    lookedAtMs = clock.monotonicMs();
    const event = read();
    if (event === last) return undefined;
    last = event;
    return event;
  };
}

function joinTicks(...ticks: readonly (() => string | undefined)[]): () => string | undefined {
  return () => {
    const texts = ticks.map((tick) => tick()).filter((text) => text !== undefined && text !== '');
    return texts.length === 0 ? undefined : texts.join('');
  };
}
