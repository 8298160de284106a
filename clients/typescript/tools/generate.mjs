// Writes src/contract/ from proto/aristarch/v1/aristarch.proto: types by proto-loader's own generator, and the contract as data, so
// that the package needs no .proto file when it runs. `node tools/generate.mjs FOLDER` writes to another folder.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import protobuf from 'protobufjs';

const PACKAGE = resolve(import.meta.dirname, '..');
const ROOT = resolve(PACKAGE, '../..');
const FILE = 'aristarch/v1/aristarch.proto';
const out = resolve(process.argv[2] ?? join(PACKAGE, 'src/contract'));

rmSync(out, { recursive: true, force: true });
const generator = resolve(ROOT, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js');
const choices = ['--longs=Number', '--enums=String', '--defaults', '--oneofs', '--includeComments'];
const extensions = ['--targetFileExtension=.ts', '--importFileExtension=.ts'];
const places = ['--includeDirs=proto', '--grpcLib=@grpc/grpc-js', `--outDir=${out}`];
execFileSync(process.execPath, [generator, ...choices, ...extensions, ...places, FILE], {
  cwd: ROOT,
  stdio: 'inherit',
});

const json = JSON.stringify(protobuf.loadSync(join(ROOT, 'proto', FILE)).toJSON(), undefined, 2);
writeFileSync(
  join(out, 'descriptor.ts'),
  `// Original file: proto/${FILE}\n\nexport const DESCRIPTOR: object = ${json};\n`,
);
