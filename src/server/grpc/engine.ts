/** The one importer of grpc-js: what the server and the client use of it. */
export {
  credentials,
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  setLogger,
  status,
  type Client,
  type ClientDuplexStream,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type ServiceError,
  type StatusObject,
} from '@grpc/grpc-js';
