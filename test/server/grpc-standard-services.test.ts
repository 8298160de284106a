import { once } from 'node:events';
import { type Client, type ServiceDefinition, status } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { describe, expect, it } from '@jest/globals';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { loadReflectedContracts, toMapEntryName } from '../../src/server/grpc/reflected-contract.ts';
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
    expect(names).toEqual(['aristarch.v1.Aristarch', 'inference.GRPCInferenceService', 'grpc.health.v1.Health']);
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

describe('the contract that reflection hands out', () => {
  const bytes = Object.values(loadReflectedContracts()).flatMap(
    (definition) => (definition as { fileDescriptorProtos?: Buffer[] }).fileDescriptorProtos ?? [],
  );
  const files = bytes.map((file) => descriptor.FileDescriptorProto.decode(file).toJSON() as DescribedFile);
  const messages = files.find((file) => file.package === 'aristarch.v1')!.messageType;
  const find = (name: string) => messages.find((message) => message.name === name)!;

  it('names the entries of maps as protoc does, without which strict clients refuse all of it', () => {
    expect(find('Record').nestedType).toMatchObject([{ name: 'FieldsEntry', options: { mapEntry: true } }]);
    expect(find('Record').field).toMatchObject([{ name: 'fields', typeName: 'FieldsEntry' }]);
    expect(['x', 'field_name', 'a1_b2__c'].map(toMapEntryName)).toEqual(['XEntry', 'FieldNameEntry', 'A1B2CEntry']);
  });

  it('has the names of the .proto file, and says what is optional', () => {
    const fields = find('ScoreRequest').field.map(({ name, proto3Optional = false }) => [name, proto3Optional]);
    expect(fields).toEqual([
      ['model', false],
      ['records', false],
      ['dense', false],
      ['false_positive_rate', true],
      ['request_id', false],
      ['explain_top_k', false],
      ['model_version', false],
    ]);
  });
});

interface DescribedFile {
  readonly package: string;
  readonly messageType: readonly DescribedMessage[];
}
interface DescribedMessage {
  readonly name: string;
  readonly field: readonly { readonly name: string; readonly proto3Optional?: boolean }[];
  readonly nestedType?: readonly unknown[];
}

type AnyClient = Client &
  Record<string, (request: unknown, done: (error: Error | null, answer: unknown) => void) => void>;

/** google.protobuf.FileDescriptorSet: field 1, length-delimited, for each file. */
function toDescriptorSet(files: readonly Buffer[]): Buffer {
  return Buffer.concat(files.flatMap((file) => [Buffer.from([0x0a, ...toVarint(file.length)]), file]));
}

function toVarint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...toVarint(value >>> 7)];
}
