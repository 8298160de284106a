import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import type { Received } from '../../src/server/grpc/convert.ts';
import { type DefinitionParts, defineServices } from '../../src/server/grpc/definitions.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from '../../src/server/grpc/inference/contract.ts';
import { checkTally, REQUEST_SHAPES, type Shape, tallyLimits } from '../../src/server/grpc/tally.ts';
import { createRawClientFixture, record } from '../support/grpc-client.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createRawClientFixture();
const SCORING = loadContract()[SERVICE] as ServiceDefinition;
const INFERENCE = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
const MiB = 2 ** 20;

const stages: Pick<DefinitionParts['metrics']['stages'], 'time'> = { time: (_, work) => work() };
const { scoring, inferences } = defineServices({
  ...{ metrics: { stages } as DefinitionParts['metrics'], clock: { monotonicMs: () => 0 } },
  options: { maxRows: 65_536, maxSampleRows: 65_536 },
});

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
/** A field with a length, as https://protobuf.dev/programming-guides/encoding has it. */
const field = (number: number, bytes: Buffer): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
const repeated = (count: number, bytes: Buffer): Buffer => Buffer.alloc(count * bytes.length, bytes);
const EMPTY = field(1, Buffer.alloc(0));

/** A ModelInferRequest of one input whose shape is [rows], and what follows it. */
const infer = (rows: number, datatype: string, input: Buffer, rest: Buffer): Buffer =>
  Buffer.concat([
    field(
      5,
      Buffer.concat([field(1, Buffer.from('amount')), field(2, Buffer.from(datatype)), field(3, varint(rows)), input]),
    ),
    rest,
  ]);

const NOTHING = Buffer.alloc(0);
/** Distinct names: a map keeps one of each. */
const fields = Buffer.concat(
  Array.from({ length: MiB + 1 }, (_, index) => field(1, field(1, Buffer.from(index.toString(36))))),
);

const SMALL_MESSAGES_OF_MUCH: readonly [string, ServiceDefinition[string], Buffer, RegExp][] = [
  ['empty records', scoring['Score']!, field(2, repeated(MiB, EMPTY)), /65536 rows .* raise --max-rows/],
  ['empty records of a stream', scoring['ScoreStream']!, field(2, repeated(MiB, EMPTY)), /65536 rows/],
  ['fields of a record', scoring['Score']!, field(2, field(1, fields)), /1048576 fields/],
  ['rows of conditions', scoring['Sample']!, field(6, repeated(MiB, EMPTY)), /65536 rows .* raise --max-sample-rows/],
  ['conditions', scoring['Sample']!, field(5, fields), /1048576 fields/],
  ['tensors', inferences['ModelInfer']!, repeated(MiB, field(5, NOTHING)), /16384 tensors/],
  ['raw contents', inferences['ModelInfer']!, repeated(MiB, field(7, NOTHING)), /16384 tensors/],
  [
    'typed values',
    inferences['ModelInfer']!,
    infer(5 * MiB, 'INT64', field(5, field(3, Buffer.alloc(5 * MiB, 1))), NOTHING),
    /4194304 values/,
  ],
  [
    'typed texts',
    inferences['ModelInfer']!,
    infer(5 * MiB, 'BYTES', field(5, repeated(5 * MiB, field(8, NOTHING))), NOTHING),
    /4194304 values/,
  ],
];

describe('a small message that would become millions of objects', () => {
  it.each(SMALL_MESSAGES_OF_MUCH)('of %s is refused before it is decoded', (_, method, bytes, text) => {
    const before = process.memoryUsage().heapUsed;
    const received = method.requestDeserialize(bytes) as Received<unknown>;
    // Decoded it would be more than 100 MiB, which `received` would hold.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * MiB);
    expect(received).toMatchObject({ fault: { code: 'RESOURCE_EXHAUSTED', message: expect.stringMatching(text) } });
  });

  it('of one raw tensor is refused by its shape, and the service scores on', async () => {
    const { addresses } = await serve();
    const client = connect(addresses.grpc, SCORING);
    const identity = (bytes: Buffer): Buffer => bytes;
    const call = (path: string, bytes: Buffer) =>
      new Promise<{ code: number; details?: string }>((resolve) =>
        client.makeUnaryRequest(path, identity, identity, bytes, (error) => resolve(error ?? { code: status.OK })),
      );
    const { path } = INFERENCE['ModelInfer']!;
    const rows = 2 * MiB;
    const before = process.memoryUsage().heapUsed;
    const refused = await call(path, infer(rows, 'BOOL', NOTHING, field(7, Buffer.alloc(rows, 1))));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * MiB);
    expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: expect.stringMatching(/65536 rows/) });
    // Many columns instead of rows.
    const wide = Buffer.concat([field(2, Buffer.from('BOOL')), field(3, Buffer.concat([varint(1), varint(rows)]))]);
    const unfit = await call(path, Buffer.concat([field(5, wide), field(7, Buffer.alloc(rows, 1))]));
    expect(unfit.code).not.toBe(status.OK);
    expect(await call(SCORING['Score']!.path, field(2, repeated(MiB, EMPTY)))).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    });
    const good = SCORING['Score']!.requestSerialize({ records: { records: [record(1)] } });
    expect(await call(SCORING['Score']!.path, good)).toMatchObject({ code: status.OK });
  });
});

describe('the tally of a message', () => {
  const limits = { ...tallyLimits(3, '--max-rows'), fields: 7, tensors: 4, values: 5 };
  /** Long enough to be looked at, by texts that count for nothing. */
  const padding = field(15, Buffer.alloc(100));
  const counted = (shape: Shape, bytes: Buffer) => () => checkTally(Buffer.concat([bytes, padding]), shape, limits);
  const score = (rows: number, changes = {}): Buffer =>
    SCORING['Score']!.requestSerialize({
      ...{ model: 'm', requestId: 'r', falsePositiveRate: 0.1, explainTopK: 300, modelVersion: '1' },
      records: {
        records: Array.from({ length: rows }, () => record(1, { at: undefined, online: undefined, ...changes })),
      },
    });
  const tensor = (contents: object): Buffer =>
    INFERENCE['ModelInfer']!.requestSerialize({ inputs: [{ name: 'a', datatype: 'x', shape: [7, 300], contents }] });

  it('lets through as many rows, fields and values as there may be, and not one more', () => {
    const { ScoreRequest, ModelInferRequest } = REQUEST_SHAPES;
    expect(counted(ScoreRequest, score(3))).not.toThrow();
    expect(counted(ScoreRequest, score(4))).toThrow('more than 3 rows');
    expect(counted(ScoreRequest, score(3, { online: { flag: true } }))).toThrow('more than 7 fields');
    // The shape's two lengths count, too.
    expect(counted(ModelInferRequest, tensor({ int64Contents: [1, 1e9, 1e12] }))).not.toThrow();
    expect(counted(ModelInferRequest, tensor({ int64Contents: [1, 1e9, 1e12, 4] }))).toThrow('more than 5 values');
    expect(
      counted(ModelInferRequest, tensor({ bytesContents: ['', 'b', 'c', ''].map((text) => Buffer.from(text)) })),
    ).toThrow('values');
    expect(counted(ModelInferRequest, tensor({ fp32Contents: [1, 2, 3, 4, 5, 6] }))).not.toThrow();
  });

  it('is of what decoders read: a wrong wire type, which they would read as another length, ends it', () => {
    const hidden = Buffer.concat([varint(2 * 8), varint(4), repeated(2, EMPTY)]);
    expect(counted(REQUEST_SHAPES.ScoreRequest, hidden)).toThrow('wire type 0 instead of 2');
    expect(counted(REQUEST_SHAPES.ScoreRequest, Buffer.of(0x12, 200, 1))).toThrow(RangeError);
    // Groups of unknown fields hide nothing behind them.
    const behind = Buffer.concat([Buffer.of(15 * 8 + 3, 15 * 8 + 4), score(4)]);
    expect(counted(REQUEST_SHAPES.ScoreRequest, behind)).toThrow('more than 3 rows');
  });

  it('knows each field of each message that it looks into', () => {
    const LENGTHS = ['TYPE_STRING', 'TYPE_BYTES', 'TYPE_MESSAGE'];
    const wireOf = (type: string): number =>
      LENGTHS.includes(type) ? 2 : type === 'TYPE_DOUBLE' ? 1 : type === 'TYPE_FLOAT' ? 5 : 0;
    interface Message {
      readonly name: string;
      readonly field: readonly { number: number; type: string; typeName: string; label: string }[];
      readonly nestedType: readonly Message[];
    }
    const compare = (contract: object, prefix: string, message: Message, shape: Shape): void => {
      expect(message.field.map(({ number, type }) => [number, wireOf(type)])).toEqual(
        Object.entries(shape).map(([number, { wire }]) => [Number(number), wire]),
      );
      for (const { number, typeName, type, label } of message.field) {
        const { inside, counts, packed } = shape[number]!;
        if (label === 'LABEL_REPEATED' && (wireOf(type) === 0 || wireOf(type) === 2)) expect(counts).toBeDefined();
        if (label === 'LABEL_REPEATED' && wireOf(type) !== 2) expect(packed).toBe(true);
        if (inside === undefined) continue;
        const types = contract as Readonly<Record<string, { type: Message } | undefined>>;
        const nested = message.nestedType.find(({ name }) => name === typeName);
        compare(contract, prefix, nested ?? types[`${prefix}.${typeName}`]!.type, inside);
      }
    };
    const typeOf = (method: unknown): Message => (method as { requestType: { type: Message } }).requestType.type;
    const own = 'aristarch.v1';
    compare(loadContract(), own, typeOf(SCORING['Score']), REQUEST_SHAPES.ScoreRequest);
    compare(loadContract(), own, typeOf(SCORING['Sample']), REQUEST_SHAPES.SampleRequest);
    compare(loadInferenceContract(), 'inference', typeOf(INFERENCE['ModelInfer']), REQUEST_SHAPES.ModelInferRequest);
  });
});
