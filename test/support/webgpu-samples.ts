/** Every sample of every primitive, value and derivatives, on WebGPU, beside its definition; prints what differs, as JSON. */
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { findDifferences, toFeeds } from './arrays.ts';
import { weightedSum } from './derivative-check.ts';
import { primitiveSamples } from './primitive-samples.ts';
import { evaluateReference } from './reference.ts';

const wanted = process.argv.slice(2);
const executor = await openExecutor({ device: 'webgpu', threads: 1, warn: console.error });
const faults: Record<string, unknown> = {};
let count = 0;
for (const [primitive, samples] of Object.entries(primitiveSamples)) {
  if (wanted.length > 0 && !wanted.includes(primitive)) continue;
  for (const [index, { inputs, feeds, output, differentiable }] of samples.entries()) {
    const derivatives = gradients(weightedSum(output), differentiable).map((g, at) => [`g${at}`, g] as const);
    const outputs = Object.fromEntries([['y', output] as const, ...derivatives]);
    try {
      const session = await executor.compile(createGraph('sample', inputs, outputs));
      const results = await session.run(toFeeds(feeds));
      await session.close();
      const expected = evaluateReference(Object.values(outputs), feeds);
      const found = Object.keys(outputs).flatMap((name, at) =>
        findDifferences(results[name], expected[at]!, 1e-5).map((text) => `${name} ${text}`),
      );
      if (found.length > 0) faults[`${primitive}, sample ${index}`] = found.slice(0, 4);
    } catch (thrown) {
      faults[`${primitive}, sample ${index}`] = String(thrown);
    }
    count++;
  }
}
console.log(JSON.stringify({ count, faults }, null, 1));
