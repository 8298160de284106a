/** The one importer of grpc-js: what the server and the client use of it. */
import type { experimental } from '@grpc/grpc-js';

export {
  credentials,
  experimental,
  loadPackageDefinition,
  Metadata,
  ResponderBuilder,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  ServerListenerBuilder,
  setLogger,
  status,
  type Client,
  type ClientDuplexStream,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';

export type CertificateProvider = experimental.CertificateProvider;
