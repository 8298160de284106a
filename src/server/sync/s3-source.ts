import { AwsClient } from 'aws4fetch';
import { awsEndpointOf } from '../../base/aws-endpoint.ts';
import { AristarchError } from '../../base/errors.ts';
import { ask, groupVersions, type ModelSource, readText } from './source.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const MOST_PAGE_BYTES = 16 * 1024 * 1024;
const MOST_PAGES = 1000;

/**
 * Models in a bucket, `s3://bucket/prefix`, with the AWS tools' usual variables, also for a custom endpoint (MinIO, Ceph), which is
 * addressed by path. Without a key nothing is signed, as public buckets want it.
 */
export function createS3Source(address: string, environment: Environment): ModelSource {
  const { bucket, prefix } = parseAddress(address);
  const base = bucketUrl(bucket, environment);
  const send = createSender(environment);
  const get = (path: string, from = 0): Promise<Response> =>
    ask(`s3://${bucket}/${prefix}${path}`, from, (headers) => send(`${base}/${encodeKey(prefix + path)}`, headers));
  return {
    shown: `s3://${bucket}/${prefix}`,
    get,
    async list() {
      const versions: [string, string][] = [];
      let token: string | undefined;
      for (let page = 0; page < MOST_PAGES; page++) {
        const query = new URLSearchParams({ 'list-type': '2', prefix, ...(token && { 'continuation-token': token }) });
        const shown = `the list of s3://${bucket}/${prefix}`;
        const answer = await ask(shown, 0, (headers) => send(`${base}/?${query.toString()}`, headers));
        const xml = await readText(shown, answer, MOST_PAGE_BYTES);
        for (const key of textsIn(xml, 'Key')) versions.push(...versionOf(key, prefix));
        [token] = textsIn(xml, 'NextContinuationToken');
        if (token === undefined) return groupVersions(`s3://${bucket}/${prefix}`, versions);
      }
      throw new AristarchError(
        'RESOURCE_EXHAUSTED',
        `s3://${bucket}/${prefix} has too many objects: name a smaller folder`,
      );
    },
  };
}

function parseAddress(address: string): { bucket: string; prefix: string } {
  const [, bucket, rest] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(address) ?? [];
  if (bucket === undefined)
    throw new AristarchError(
      'INVALID_INPUT',
      `${address} is no address of S3: s3://bucket/folder is wanted, where a bucket has 3 to 63 small letters, digits, dots and hyphens`,
      {
        address,
      },
    );
  const folder = (rest ?? '').replace(/\/+$/, '');
  return { bucket, prefix: folder === '' ? '' : `${folder}/` };
}

function bucketUrl(bucket: string, environment: Environment): string {
  const endpoint = awsEndpointOf(environment);
  if (endpoint === undefined) return `https://${bucket}.s3.${regionOf(environment)}.amazonaws.com`;
  return `${endpoint.href.replace(/\/+$/, '')}/${bucket}`;
}

function regionOf(environment: Environment): string {
  return environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1';
}

function createSender(environment: Environment): (url: string, headers: Record<string, string>) => Promise<Response> {
  const [accessKeyId, secretAccessKey] = [environment['AWS_ACCESS_KEY_ID'], environment['AWS_SECRET_ACCESS_KEY']];
  if (!accessKeyId || !secretAccessKey) return (url, headers) => fetch(url, { headers });
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  // Tries are counted elsewhere.
  const client = new AwsClient({
    ...{ accessKeyId, secretAccessKey, service: 's3', region: regionOf(environment), retries: 0 },
    ...(sessionToken && { sessionToken }),
  });
  return (url, headers) => client.fetch(url, { headers });
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

/** Model and version, of the key of a manifest; none of any other key. */
function versionOf(key: string, prefix: string): [string, string][] {
  const [, model, version] = /^([^/]+)\/([^/]+)\/manifest\.json$/.exec(key.slice(prefix.length)) ?? [];
  return key.startsWith(prefix) && model !== undefined && version !== undefined ? [[model, version]] : [];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Texts of elements that hold nothing but text. */
function textsIn(xml: string, element: string): string[] {
  const found = xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'));
  return [...found].map(([, text]) => text!.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name]!));
}
