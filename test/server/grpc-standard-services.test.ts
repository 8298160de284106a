import { once } from 'node:events';
import { type Client, type ServiceDefinition, status } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { describe, expect, it } from '@jest/globals';
import {
  createRawClientFixture,
  HEALTH,
  type HealthClient,
  REFLECTION,
  type ReflectionAnswer,
  type ReflectionClient,
} from '../support/grpc-client.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createRawClientFixture();

describe('grpc.health.v1.Health', () => {
  it('says SERVING for the server and for its service, and knows no other', async () => {
    const { addresses } = await serve();
    const client = connect(addresses.grpc, HEALTH) as HealthClient;
    const check = (service: string) =>
      new Promise((resolve, reject) => {
        client.check({ service }, (error, answer) => (error ? reject(error) : resolve(answer)));
      });
    expect(await check('')).toEqual({ status: 'SERVING' });
    expect(await check('aristarch.v1.Aristarch')).toEqual({ status: 'SERVING' });
    await expect(check('nobody')).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

describe('grpc.reflection.v1', () => {
  async function ask(address: string, question: Readonly<Record<string, string>>): Promise<ReflectionAnswer> {
    const stream = (connect(address, REFLECTION) as ReflectionClient).ServerReflectionInfo();
    stream.write(question);
    const [answer] = (await once(stream, 'data')) as [ReflectionAnswer];
    stream.end();
    return answer;
  }

  it('lists the services', async () => {
    const { addresses } = await serve();
    const answer = await ask(addresses.grpc, { listServices: '*' });
    const names = answer.listServicesResponse?.service.map(({ name }) => name);
    expect(names).toEqual(['aristarch.v1.Aristarch', 'grpc.health.v1.Health']);
  });

  it('hands out a contract with which a caller who knows nothing else can score', async () => {
    const { addresses } = await serve();
    const answer = await ask(addresses.grpc, { fileContainingSymbol: 'aristarch.v1.Aristarch' });
    const contract = loadFileDescriptorSetFromBuffer(
      toDescriptorSet(answer.fileDescriptorResponse!.fileDescriptorProto),
    );
    const client = connect(addresses.grpc, contract['aristarch.v1.Aristarch'] as ServiceDefinition) as AnyClient;
    const response = await new Promise((resolve, reject) => {
      const request = { dense: { width: 5, values: [9.95, 0, 1, 0, 0] } };
      client['Score']!(request, (error, answered) => (error ? reject(error) : resolve(answered)));
    });
    expect(response).toMatchObject({ model: 'double', results: [{ anomalous: true }] });
  });
});

type AnyClient = Client &
  Record<string, (request: unknown, done: (error: Error | null, answer: unknown) => void) => void>;

/** google.protobuf.FileDescriptorSet: field 1, length-delimited, for each file. */
function toDescriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.flatMap((file) => [Buffer.from([0x0a, ...toVarint(file.length)]), file]));
}

function toVarint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...toVarint(value >>> 7)];
}
