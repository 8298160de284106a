export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function get(address: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`http://${address}${path}`, { ...init, headers: { connection: 'close' } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The text that Prometheus would read. */
export async function scrape(address: string): Promise<string> {
  return (await get(address, '/metrics')).text;
}
