/** A header as HPACK knows it. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** The static table (RFC 7541, appendix A): entry 1 is the first. */
export const STATIC_TABLE: readonly Field[] = [
  [':authority', ''],
  [':method', 'GET', 'POST'],
  [':path', '/', '/index.html'],
  [':scheme', 'http', 'https'],
  [':status', '200', '204', '206', '304', '400', '404', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...['accept-language', 'accept-ranges', 'accept', 'access-control-allow-origin', 'age', 'allow', 'authorization'],
  ...['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-length'],
  ...['content-location', 'content-range', 'content-type', 'cookie', 'date', 'etag', 'expect', 'expires', 'from'],
  ...['host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified'],
  ...['link', 'location', 'max-forwards', 'proxy-authenticate', 'proxy-authorization', 'range', 'referer', 'refresh'],
  ...['retry-after', 'server', 'set-cookie', 'strict-transport-security', 'transfer-encoding', 'user-agent', 'vary'],
  ...['via', 'www-authenticate'],
].flatMap((row) => {
  const [name, ...values] = typeof row === 'string' ? [row, ''] : row;
  return values.map((value) => ({ name: name!, value }));
});

/** What each entry counts beside its characters (RFC 7541, section 4.1). */
const ENTRY_BYTES = 32;
/** As SETTINGS_HEADER_TABLE_SIZE is where nobody says otherwise. */
export const DEFAULT_TABLE_BYTES = 4096;

/** The static table, and after it what the peer has put into the dynamic one, the latest first (RFC 7541, section 2.3). */
export class FieldTable {
  /** The latest at the end; those before `#first` are gone. */
  #entries: Field[] = [];
  #first = 0;
  #bytes = 0;
  #limit = DEFAULT_TABLE_BYTES;

  /** Undefined where there is none at that place. */
  at(index: number): Field | undefined {
    if (index <= STATIC_TABLE.length) return STATIC_TABLE[index - 1];
    const place = this.#entries.length - (index - STATIC_TABLE.length);
    return place < this.#first ? undefined : this.#entries[place];
  }

  add(field: Field): void {
    this.#entries.push(field);
    this.#bytes += bytesOf(field);
    this.#evict();
  }

  /** False where the limit is above what was allowed. */
  resize(limit: number): boolean {
    if (limit > DEFAULT_TABLE_BYTES) return false;
    this.#limit = limit;
    this.#evict();
    return true;
  }

  #evict(): void {
    while (this.#bytes > this.#limit) this.#bytes -= bytesOf(this.#entries[this.#first++]!);
    if (this.#first < 64 && this.#first < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}

/** As the table and lists of fields count it. */
export const bytesOf = ({ name, value }: Field): number => ENTRY_BYTES + name.length + value.length;
