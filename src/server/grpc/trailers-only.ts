import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { Metadata, status, type StatusObject } from './engine.ts';
import { toWireStatus } from './status.ts';

/** A status with which a call ends before anything was answered. */
export type Refusal = Pick<StatusObject, 'code' | 'details'> & { readonly metadata?: StatusObject['metadata'] };

/** A fault as a status, with all that is told of it. */
export function toRefusal(thrown: unknown): Required<Refusal> {
  const { code, details, metadata } = toWireStatus(thrown);
  const trailer = new Metadata();
  for (const [key, value] of Object.entries(metadata)) trailer.set(key, value);
  return { code: status[code], details, metadata: trailer };
}

/** Of each answer of the quick lane. */
export const COMMON_HEADERS = {
  [constants.HTTP2_HEADER_STATUS]: constants.HTTP_STATUS_OK,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc+proto',
};

/** gRPC over HTTP/2, "Trailers-Only". */
export function toTrailersOnly({ code, details, metadata }: Refusal): OutgoingHttpHeaders {
  const trailers = { 'grpc-status': code, 'grpc-message': encodeURI(details), ...metadata?.toHttp2Headers() };
  return { ...COMMON_HEADERS, ...trailers };
}
