import { describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';
import { createProtobufReader } from '../../../../src/server/kafka/formats/protobuf.ts';

const FILE = `
  syntax = "proto3";
  package shop;
  import "shop/money.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  enum Kind { CARD = 0; CASH = 1; }
  message First { double x = 1; }
  message Payment {
    message Line { int64 items = 1; optional int32 weight = 2; }
    double total_amount = 1;
    Kind kind = 2;
    google.protobuf.Timestamp at = 3;
    google.protobuf.DoubleValue rate = 4;
    Money price = 5;
    optional string note = 6;
    bool online = 7;
  }`;
const MONEY = 'syntax = "proto3"; package shop; message Money { int64 cents = 1; }';
const reader = createProtobufReader({ id: 9, text: FILE, references: [{ name: 'shop/money.proto', text: MONEY }] });

/** Written with protoc's rules by hand: tag = field << 3 | wire type. */
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]);
const double = (value: number): number[] => [...new Uint8Array(Float64Array.of(value).buffer)];
const bytes = (...parts: readonly (number | readonly number[])[]): Buffer => Buffer.from(parts.flat());

describe('a Protobuf event', () => {
  it('is of the first message of its file, when its place is a single zero', () => {
    expect(reader(bytes(0, 0x09, double(2.5)))).toEqual({ x: 2.5 });
  });

  it('is of the message that its places say: times are milliseconds, wrapped values the values, absent ones missing', () => {
    const at = [0x08, varint(1_700_000_000), 0x10, varint(123_000_000)].flat();
    const rate = [0x09, double(0.5)].flat();
    const price = [0x08, varint(1299)].flat();
    const parts = [
      0x09,
      double(12.99),
      0x10,
      1,
      0x1a,
      at.length,
      at,
      0x22,
      rate.length,
      rate,
      0x2a,
      price.length,
      price,
    ];
    // One place, the second message: zigzag 1 -> 2, zigzag 1 -> 2.
    expect(reader(bytes(2, 2, ...parts))).toEqual({
      ...{ total_amount: 12.99, kind: 'CASH', at: 1_700_000_000_123, rate: 0.5, price: { cents: 1299 }, online: false },
    });
  });

  it('may be of a message within a message', () => {
    // Two places: the second message, and the first one in it.
    expect(reader(bytes(4, 2, 0, 0x08, varint(7)))).toEqual({ items: 7 });
  });

  it('is what protobufjs writes', () => {
    const type = protobuf
      .parse('syntax = "proto3"; message A { repeated float xs = 1; string s = 2; }')
      .root.lookupType('A');
    const read = createProtobufReader({
      id: 1,
      text: 'syntax = "proto3"; message A { repeated float xs = 1; string s = 2; }',
      references: [],
    });
    const written = type.encode({ xs: [1, 2.5], s: 'ü' }).finish();
    expect(read(bytes(0, [...written]))).toEqual({ xs: [1, 2.5], s: 'ü' });
  });

  it.each([
    ['a place that the file does not have', bytes(2, 40), /has no message at 20/],
    ['a million places', bytes(0x80, 0x89, 0x7a), /places of a message's type/],
    ['cut short', bytes(0, 0x09, 1, 2), /the event is not of schema 9/],
    ['empty', bytes(), /the event is not of schema 9/],
  ])('with %s is refused', (_, value, says) => {
    expect(() => reader(value)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(says) }),
    );
  });

  it('of a schema that is no Protobuf is refused', () => {
    expect(() => createProtobufReader({ id: 3, text: 'message {', references: [] })).toThrow(
      /schema 3 is no Protobuf file/,
    );
  });
});
