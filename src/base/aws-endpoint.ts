import { AristarchError } from './errors.ts';
import { isPlainUrl } from './setting-schemas.ts';

/**
 * The endpoint that the AWS tools' variables name, as they are read by S3's readers here; undefined where none is. Throws `INVALID_INPUT`, which
 * does not repeat it: what is wrong with it may be the password in it.
 */
export function awsEndpointOf(environment: Readonly<Record<string, string | undefined>>): URL | undefined {
  const endpoint = environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'];
  if (endpoint === undefined || endpoint === '') return undefined;
  if (isPlainUrl(endpoint) && !endpoint.includes('?')) return new URL(endpoint);
  const message =
    'AWS_ENDPOINT_URL is no plain address: give one without user and query, for example http://minio:9000 ' +
    '(keys go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)';
  throw new AristarchError('INVALID_INPUT', message);
}
