import { Server, ServerCredentials, type ServerDuplexStream, type ServiceDefinition } from '@grpc/grpc-js';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { answerParent } from './child.ts';

/**
 * The floor: a bare grpc-js server, as it comes, which takes the same request bytes and answers bytes that it was given,
 * both as they are.
 */
let answer = Buffer.alloc(0);
const pass = (bytes: Buffer): Buffer => bytes;
const methods = Object.entries(loadContract()[SERVICE] as ServiceDefinition).map(([name, method]) => [
  name,
  { ...method, requestDeserialize: pass, responseSerialize: pass },
]);
const server = new Server({ 'grpc.max_receive_message_length': 2 ** 30 });
server.addService(Object.fromEntries(methods) as ServiceDefinition, {
  score: (_: unknown, respond: (error: null, bytes: Buffer) => void) => respond(null, answer),
  describeModel: (_: unknown, respond: (error: null, bytes: Buffer) => void) => respond(null, answer),
  scoreStream: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', () => call.write(answer));
    call.on('end', () => call.end());
  },
});
const port = new Promise<number>((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});

answerParent((question: { readonly answer?: string }) => {
  if (question.answer !== undefined) answer = Buffer.from(question.answer, 'base64');
  return port;
});
