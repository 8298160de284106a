import { giveBack } from '../../src/base/give-back.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { broadcastTo, input, slice } from '../../src/graph/operations.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { NamedArrays } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { median, timed } from '../step/peer.ts';

/** What a result of so many bytes costs on its way to JavaScript, beside the same run that leaves it inside. */
export interface BindingCost {
  readonly bytes: number;
  /** Milliseconds of CPU where its memory is given back at once, and where it is left to the collector of garbage. */
  readonly givenBackMs: number;
  readonly leftMs: number;
}

const BYTES = [2 ** 20, 2 ** 21, 2 ** 22];
const REPEATS = 200;

/** ONNX Runtime's binding for Node takes an input's memory as it is, and copies each result into new memory, those handed in for it as well. */
export async function measureBinding(threads: number, runs: number): Promise<BindingCost[]> {
  const executor = await openExecutor({ device: 'cpu', threads, warn: console.warn });
  const costs: BindingCost[] = [];
  for (const bytes of BYTES) {
    const x = input('x', [1]);
    const large = broadcastTo(x, [bytes / 4]);
    const time = async (result: Tensor, after: (results: NamedArrays) => void): Promise<number> => {
      const session = await executor.compile(createGraph('binding', [x], { result }));
      const feeds = { x: { data: Float32Array.of(1), shape: [1] } };
      const times: number[] = [];
      for (let run = 0; run <= runs; run++) {
        const { cpuMs } = await timed(REPEATS, async () => {
          for (let at = 0; at < REPEATS; at++) after(await session.run(feeds));
        });
        if (run > 0) times.push(cpuMs);
      }
      await session.close();
      return median(times);
    };
    const inside = await time(slice(large, 0, 0, 1), () => undefined);
    costs.push({
      bytes,
      givenBackMs: (await time(large, (results) => giveBack(Object.values(results)))) - inside,
      leftMs: (await time(large, () => undefined)) - inside,
    });
  }
  await executor.close();
  return costs;
}
