import { awsEndpointOf } from '../base/aws-endpoint.ts';
import { AristarchError } from '../base/errors.ts';
import type { Database } from './duckdb.ts';
import { parseFault } from './duckdb-faults.ts';
import { quoteText } from './sql.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where the httpfs extension lies, for machines that cannot fetch it: the file, or a folder as DuckDB lays it out. PyPI's
 * wheel `duckdb-extension-httpfs` of DuckDB's own version carries the file.
 */
export const EXTENSION_VARIABLE = 'ARISTARCH_DUCKDB_HTTPFS';

/**
 * Makes `s3://` addresses readable: loads DuckDB's httpfs extension (from where ARISTARCH_DUCKDB_HTTPFS says, else as it
 * is installed, else fetched once by DuckDB) and hands it the usual AWS_* variables.
 * Throws `UNAVAILABLE` with the remedy where the extension cannot be had.
 */
export async function openObjectStore(db: Database, environment: Environment): Promise<void> {
  await loadHttpfs(db, environment[EXTENSION_VARIABLE]);
  await db.run(`CREATE OR REPLACE SECRET aristarch_s3 (${secretParts(environment).join(', ')})`);
}

async function loadHttpfs(db: Database, location: string | undefined): Promise<void> {
  try {
    if (location?.endsWith('.duckdb_extension')) await db.run(`LOAD ${quoteText(location)}`);
    else await installHttpfs(db, location);
  } catch (thrown) {
    const reason = parseFault(thrown).message.split('\n')[0]!;
    const [version] = await db.rows('SELECT version() AS version');
    const message =
      `s3 addresses need DuckDB's httpfs extension, which could not be loaded: ${reason}. Connect to the internet once, or put ` +
      `httpfs.duckdb_extension for DuckDB ${String(version?.['version'])} on this machine and set ${EXTENSION_VARIABLE} to its path, ` +
      'or copy the data here and give the path';
    throw new AristarchError('UNAVAILABLE', message, { reason }, thrown);
  }
}

async function installHttpfs(db: Database, folder: string | undefined): Promise<void> {
  if (folder !== undefined && folder !== '') await db.run(`SET GLOBAL extension_directory = ${quoteText(folder)}`);
  try {
    await db.run('LOAD httpfs');
  } catch {
    await db.run('INSTALL httpfs');
    await db.run('LOAD httpfs');
  }
}

/** DuckDB's names for what the AWS tools read from the environment; a custom endpoint (MinIO, Ceph) is addressed by path. */
function secretParts(environment: Environment): string[] {
  const endpoint = awsEndpointOf(environment);
  const values: Readonly<Record<string, string | undefined>> = {
    KEY_ID: environment['AWS_ACCESS_KEY_ID'],
    SECRET: environment['AWS_SECRET_ACCESS_KEY'],
    SESSION_TOKEN: environment['AWS_SESSION_TOKEN'],
    REGION: environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
    ENDPOINT: endpoint?.host,
    URL_STYLE: endpoint === undefined ? undefined : 'path',
    USE_SSL: endpoint === undefined ? undefined : String(endpoint.protocol === 'https:'),
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return ['TYPE s3', ...given.map(([name, value]) => `${name} ${quoteText(value!)}`)];
}
