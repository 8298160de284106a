import type { IncomingHttpHeaders } from 'node:http2';

/** Nobody behind this file can log them. */
const HIDDEN_HEADERS = new Set(['authorization']);

/** What grpc-js hands to handlers as metadata, as far as they look at it. */
export class QuickMetadata {
  readonly #headers: IncomingHttpHeaders;

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
  }

  get(key: string): (string | Buffer)[] {
    const value = this.#headers[key];
    if (value === undefined || HIDDEN_HEADERS.has(key)) return [];
    const values = [value].flat();
    return key.endsWith('-bin') ? values.map((each) => Buffer.from(each, 'base64')) : values;
  }
}
