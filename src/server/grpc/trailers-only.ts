import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { StatusObject } from './engine.ts';

/** A status with which a call ends before anything was answered. */
export type Refusal = Pick<StatusObject, 'code' | 'details'> & { readonly metadata?: StatusObject['metadata'] };

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

/** Answers with trailers alone; false where that can no longer be done. */
export function refuse(stream: ServerHttp2Stream, trailers: OutgoingHttpHeaders): boolean {
  if (stream.destroyed || stream.closed || stream.headersSent) return false;
  stream.respond(trailers, { endStream: true });
  // What the caller still sends is let pass: it would fill the window of the connection.
  stream.resume();
  return true;
}
