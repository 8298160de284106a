import { describe, expect, it } from '@jest/globals';
import { encodeFields, HeaderDecoder } from '../../../src/server/grpc/wire/hpack.ts';
import { decodeHuffman } from '../../../src/server/grpc/wire/huffman.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const pairs = (decoder: HeaderDecoder, hex: string) =>
  decoder.decode(bytes(hex))?.map(({ name, value }) => [name, value]);

const COMMON = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
];

describe('header blocks', () => {
  // RFC 7541, appendix C.3 and C.4: the same requests without and with Huffman's code.
  it.each([
    [
      'in full',
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
    [
      "in Huffman's code",
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
  ])('are read as the examples of RFC 7541 say, %s', (_, first, second, third) => {
    const decoder = new HeaderDecoder();
    expect(pairs(decoder, first)).toEqual(COMMON);
    expect(pairs(decoder, second)).toEqual([...COMMON, ['cache-control', 'no-cache']]);
    expect(pairs(decoder, third)).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ]);
  });

  // RFC 7541, appendix C.6.1 and C.6.2, whose table holds 256 bytes.
  it('are read from a table that has lost its oldest entries', () => {
    const decoder = new HeaderDecoder();
    const first =
      '3fe1014882640258 85aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3';
    expect(pairs(decoder, first)?.[0]).toEqual([':status', '302']);
    expect(pairs(decoder, '4883640effc1c0bf')).toEqual([
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ]);
    // The fifth entry went when the fourth came.
    expect(decoder.decode(bytes('c2'))).toBeUndefined();
  });

  it('that are written here are read as they were, whatever is in them', () => {
    const fields = [
      { name: ':status', value: '200' },
      { name: 'content-type', value: 'application/grpc+proto' },
      { name: 'grpc-message', value: 'a%20b'.repeat(100) },
      { name: 'aristarch-data-bin', value: '' },
    ];
    const decoder = new HeaderDecoder();
    for (let time = 0; time < 2; time++) expect(decoder.decode(encodeFields(fields))).toEqual(fields);
    // None of it is kept: another writer's entries stay where they are.
    expect(decoder.decode(Buffer.of(0x80 | 62))).toBeUndefined();
  });

  it.each([
    ['an entry that is nowhere', 'ff00'],
    ['entry 0', '80'],
    ['a name that ends too soon', '400a637573'],
    ['a value that is not there', '44'],
    ['an integer without end', 'ffffffffffffffffffff'],
    ['a table larger than was allowed', '3fe2ff01'],
    ['a size of the table after a field', '8220'],
    ['the end of a string within it', '00 01 61 84 ffffffff'],
    ["Huffman's code with too much at its end", '00 01 61 82 1fff'],
    ["Huffman's code with zeros at its end", '00 01 61 81 18'],
  ])('with %s are none', (_, hex) => {
    expect(new HeaderDecoder().decode(bytes(hex))).toBeUndefined();
  });

  it('have a limit, so that a short block does not become a long list', () => {
    const decoder = new HeaderDecoder();
    const long = encodeFields([{ name: 'x', value: 'y'.repeat(3000) }]);
    long[0] = 0x40;
    expect(decoder.decode(long)).toHaveLength(1);
    expect(decoder.decode(Buffer.alloc(20, 0x80 | 62))).toHaveLength(20);
    expect(decoder.decode(Buffer.alloc(22, 0x80 | 62))).toBeUndefined();
  });
});

describe("Huffman's code", () => {
  it('has a code for each byte', () => {
    // What node:http2's own library writes for all bytes is tried in connection.test.ts; the longest code here: byte 22 has 30 bits.
    expect(decodeHuffman(bytes('fffffffb'), 0, 4)).toBe('\u0016');
    expect(decodeHuffman(bytes('a0'), 0, 0)).toBe('');
  });
});
