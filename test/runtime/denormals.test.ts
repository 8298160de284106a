import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const OPEN = join(import.meta.dirname, '../../src/runtime/open-executor.ts');

/** Scores a row, and prints what is left of numbers next to 0. In a process of its own: the library decides once in a process. */
const SCRIPT = `
  import { openExecutor } from ${JSON.stringify(OPEN)};
  import { createGraph } from ${JSON.stringify(join(import.meta.dirname, '../../src/graph/graph.ts'))};
  import { input, multiply } from ${JSON.stringify(join(import.meta.dirname, '../../src/graph/operations.ts'))};
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
  const x = input('x', [1]);
  const session = await executor.compile(createGraph('twice', [x], { y: multiply(x, 2) }));
  await session.run({ x: { data: Float32Array.of(1), shape: [1] } });
  console.log(JSON.stringify([Float32Array.of(1e-45)[0] > 0, Number.MIN_VALUE * 2 > 0]));
`;

it("leaves JavaScript's own numbers next to 0 as they are", async () => {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', SCRIPT];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual([true, true]);
});
