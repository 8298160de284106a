import type { ServerResponse } from 'node:http';

export interface EventStreamOptions {
  /** The messages for a page that has just been opened. */
  readonly greet: () => string;
  /** The message of this tick, or undefined when there is nothing to say. Asked only while somebody listens. */
  readonly tick: () => string | undefined;
  readonly intervalMs?: number;
  readonly maxClients?: number;
  /** Ticks that a client may leave unread before it is cut off. */
  readonly patienceTicks?: number;
}

/** Ticks without a message after which a comment shows the client, and proxies between, that the stream lives. */
const HEARTBEAT_TICKS = 75;

interface Client {
  readonly response: ServerResponse;
  /** Ticks since it last took everything; 0 while it keeps up. */
  behind: number;
}

/**
 * Server-sent events to a bounded number of pages. A page that does not keep up misses messages, since each is complete in
 * itself, and is cut off when it stays behind: nothing is queued for it. The timer runs only while somebody listens.
 */
export class EventStream {
  readonly #options: Required<EventStreamOptions>;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;
  #quietTicks = 0;

  constructor(options: EventStreamOptions) {
    this.#options = { intervalMs: 200, maxClients: 50, patienceTicks: 150, ...options };
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Answers with a stream that ends when the page closes or the server stops. */
  add(response: ServerResponse): void {
    if (this.#clients.size >= this.#options.maxClients) {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '10' });
      response.end(
        `${this.#options.maxClients} live pages are open already; close one, and this page connects by itself\n`,
      );
      return;
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx buffers answers otherwise, and the page stands still.
      'x-accel-buffering': 'no',
    });
    const client: Client = { response, behind: 0 };
    this.#clients.add(client);
    response.once('close', () => this.#remove(client));
    response.once('error', () => this.#remove(client));
    this.#send(client, this.#options.greet());
    this.#timer ??= setInterval(() => this.#onTick(), this.#options.intervalMs).unref();
  }

  close(): void {
    for (const client of this.#clients) {
      client.response.end();
      // A client that reads nothing would hold the server open.
      if (client.behind > 0) client.response.destroy();
      this.#remove(client);
    }
  }

  #onTick(): void {
    const message = this.#options.tick();
    this.#quietTicks = message === undefined ? this.#quietTicks + 1 : 0;
    const text = message ?? (this.#quietTicks % HEARTBEAT_TICKS === 0 ? ': alive\n\n' : undefined);
    if (text === undefined) return;
    for (const client of this.#clients) this.#offer(client, text);
  }

  #offer(client: Client, text: string): void {
    if (client.behind === 0) this.#send(client, text);
    else if (client.behind >= this.#options.patienceTicks) client.response.destroy();
    else client.behind += 1;
  }

  #send(client: Client, text: string): void {
    if (client.response.write(text)) return;
    client.behind = 1;
    client.response.once('drain', () => {
      client.behind = 0;
    });
  }

  #remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** One server-sent event; JSON has no line breaks of its own. */
export function toEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
