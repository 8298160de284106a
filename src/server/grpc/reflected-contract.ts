import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { CONTRACT_FILE, PROTO_FOLDER } from './contract.ts';
import { INFERENCE_FILE } from './inference/contract.ts';

/** The parts of google.protobuf.FileDescriptorProto that are looked at here. */
interface FileDescriptor {
  readonly messageType?: MessageDescriptor[];
}
interface MessageDescriptor {
  name: string;
  readonly field?: FieldDescriptor[];
  readonly nestedType?: MessageDescriptor[];
  readonly oneofDecl?: { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean };
}
interface FieldDescriptor {
  readonly name: string;
  typeName?: string;
  readonly oneofIndex?: number;
  proto3Optional?: boolean;
}

/**
 * What reflection tells: our services and the health service, with the names of the .proto files. protobufjs describes a map
 * `fields` by a message `Fields` where the standard wants `FieldsEntry`, and forgets that a field is optional; strict
 * clients (grpcurl, Postman) then refuse the whole contract, so both are put right here (grpcurl issue 519).
 */
export function loadReflectedContracts(): PackageDefinition {
  const ours = loadSync([CONTRACT_FILE, INFERENCE_FILE], { keepCase: true, includeDirs: [PROTO_FOLDER] });
  const health = loadSync(healthProto, { keepCase: true });
  const entries = Object.entries({ ...ours, ...health }).map(([name, definition]) => {
    const { fileDescriptorProtos } = definition as { fileDescriptorProtos?: Buffer[] };
    return [
      name,
      fileDescriptorProtos ? { ...definition, fileDescriptorProtos: fileDescriptorProtos.map(repairFile) } : definition,
    ];
  });
  return Object.fromEntries(entries) as PackageDefinition;
}

function repairFile(bytes: Buffer): Buffer {
  const type = descriptor.FileDescriptorProto;
  const file = type.toObject(type.decode(bytes)) as FileDescriptor;
  for (const message of file.messageType ?? []) repairMessage(message);
  return Buffer.from(type.encode(type.fromObject(file)).finish());
}

function repairMessage(message: MessageDescriptor): void {
  const maps = new Set(message.nestedType?.filter(({ options }) => options?.mapEntry === true).map(({ name }) => name));
  for (const field of message.field ?? []) {
    if (field.typeName !== undefined && maps.has(field.typeName)) {
      const entry = message.nestedType!.find(({ name }) => name === field.typeName)!;
      entry.name = field.typeName = toMapEntryName(field.name);
    }
    const oneof = field.oneofIndex === undefined ? undefined : message.oneofDecl?.[field.oneofIndex];
    if (oneof?.name === `_${field.name}`) field.proto3Optional = true;
  }
  for (const nested of message.nestedType ?? []) repairMessage(nested);
}

/** `field_name` -> `FieldNameEntry`, as protoc names it. */
export function toMapEntryName(field: string): string {
  return `${field.replace(/(?:^|_+)(.)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}
