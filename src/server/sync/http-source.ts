import { z } from 'zod';
import { AristarchError } from '../../base/errors.ts';
import { ask, groupVersions, type ModelSource, readText } from './source.ts';

/** Says what there is at an address: a web server lists nothing by itself. `{"models": {"pumps": ["1", "2"]}}` */
export const INDEX_FILE = 'index.json';

const indexSchema = z.object({ models: z.record(z.string(), z.array(z.string())) });
const MOST_INDEX_BYTES = 16 * 1024 * 1024;

/** Models below an http(s) address, whose user and password are sent as such, and not shown. */
export function createHttpSource(address: string): ModelSource {
  const base = new URL(address.endsWith('/') ? address : `${address}/`);
  const user = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  const authorization = user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  base.username = '';
  base.password = '';
  const { search } = base;
  base.search = '';
  const shown = base.href;
  const get = (path: string, from = 0): Promise<Response> =>
    ask(`${shown}${path}`, from, (headers) =>
      fetch(new URL(path + search, base), { headers: { ...headers, ...authorization } }),
    );
  return {
    shown,
    get,
    async list() {
      const text = await readText(`${shown}${INDEX_FILE}`, await get(INDEX_FILE), MOST_INDEX_BYTES);
      const { models } = parseIndex(`${shown}${INDEX_FILE}`, text);
      const versions = Object.entries(models).flatMap(([model, each]) =>
        each.map((version) => [model, version] as const),
      );
      return groupVersions(shown, versions);
    },
  };
}

function parseIndex(shown: string, text: string): z.output<typeof indexSchema> {
  try {
    return indexSchema.parse(JSON.parse(text));
  } catch {
    const message = `${shown} is no list of models: {"models": {"pumps": ["1", "2"]}} is wanted; "aristarch sync --write-index" makes one`;
    throw new AristarchError('DATA_UNREADABLE', message, { address: shown });
  }
}
