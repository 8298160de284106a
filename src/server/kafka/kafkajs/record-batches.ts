import { createRequire } from 'node:module';
import { type BatchMessage, writePlainBatch, writeRecordBatch, writeRecords } from '../record-batch.ts';

/** What kafkajs 2.2.3 is about to write, as far as it is looked at here. */
interface ProduceArguments {
  readonly acks: number;
  readonly timeout: number;
  readonly transactionalId?: string | undefined;
  readonly producerId: string | number;
  readonly producerEpoch: number;
  readonly compression?: number;
  readonly topicData: readonly { readonly topic: string; readonly partitions: readonly PartitionData[] }[];
}
interface PartitionData {
  readonly partition: number;
  readonly firstSequence: number;
  readonly messages: readonly (BatchMessage & { readonly timestamp?: string })[];
}
interface Encoder {
  writeString(text: string | null): this;
  writeInt16(value: number): this;
  writeInt32(value: number): this;
  writeBytes(bytes: Buffer): this;
}
type Make = (args: ProduceArguments) => { readonly request: { readonly encode: () => Promise<Encoder> } };
interface Produce {
  protocol: (asked: { readonly version: number }) => Make;
}

/** By the protocol's numbers; none for 0. */
type Codecs = Readonly<Record<number, (() => Codec) | undefined>>;
interface Codec {
  compress(records: { readonly buffer: Buffer }): Promise<Buffer>;
}

/** From here on a request holds record batches, and its fields stay the same up to the newest version that kafkajs knows. */
const FIRST_VERSION = 3;

/**
 * Has kafkajs write record batches by `writeRecords`. Its own encoder takes a buffer of half a kilobyte for each record, each header and
 * some numbers in them. Only the bytes of the request are made here; what it says is the client's.
 */
export function writeOwnRecordBatches(codecs: Codecs): void {
  const load = createRequire(import.meta.url);
  const produce = load('kafkajs/src/protocol/requests/produce') as Produce;
  const Encoder = load('kafkajs/src/protocol/encoder') as new (bytes?: number) => Encoder;
  const { protocol } = produce;
  produce.protocol = ({ version }) => {
    const make = protocol({ version });
    if (version < FIRST_VERSION) return make;
    return (args) => {
      const made = make(args);
      if (!args.topicData.every(isOwnKind)) return made;
      return { ...made, request: { ...made.request, encode: () => encode(args, new Encoder(), codecs) } };
    };
  };
}

/** Messages as our producer has them: with others the client's own encoder goes on. */
function isOwnKind({ partitions }: ProduceArguments['topicData'][number]): boolean {
  const isBytes = (bytes: unknown): boolean => bytes === null || Buffer.isBuffer(bytes);
  return partitions.every(({ messages }) =>
    messages.every(({ key, value, headers, timestamp }) => {
      return isBytes(key) && isBytes(value) && typeof headers === 'object' && timestamp === undefined;
    }),
  );
}

async function encode(args: ProduceArguments, into: Encoder, codecs: Codecs): Promise<Encoder> {
  const { transactionalId = null, acks, timeout, topicData } = args;
  into.writeString(transactionalId).writeInt16(acks).writeInt32(timeout).writeInt32(topicData.length);
  for (const { topic, partitions } of topicData) {
    into.writeString(topic).writeInt32(partitions.length);
    for (const data of partitions) into.writeInt32(data.partition).writeBytes(await toBatch(args, data, codecs));
  }
  return into;
}

async function toBatch(
  { transactionalId, producerId, producerEpoch, compression = 0 }: ProduceArguments,
  { messages, firstSequence }: PartitionData,
  codecs: Codecs,
): Promise<Buffer> {
  const isTransactional = Boolean(transactionalId);
  const own = {
    producerId: BigInt(producerId),
    producerEpoch,
    firstSequence,
    isTransactional,
    timestampMs: Date.now(),
  };
  const codec = codecs[compression]?.();
  if (codec === undefined) return writePlainBatch(messages, own);
  const records = await codec.compress({ buffer: writeRecords(messages) });
  return writeRecordBatch(records, { ...own, count: messages.length, compressionBits: compression });
}
