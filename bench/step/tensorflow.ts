import { messageOf } from '../../src/base/errors.ts';
import { TFJS_NATIVE } from '../../src/runtime/tfjs/folder.ts';
import { loadTfjs } from '../../src/runtime/tfjs/load.ts';
import { createAristarch } from './aristarch.ts';
import type { Peer, StepSize } from './peer.ts';
import { createTfjs } from './tfjs.ts';

/** On TensorFlow's own library: our graph as `--device tfjs` runs it, and the step by hand; or why they are not there. */
export async function createTensorFlowPeers(size: StepSize): Promise<readonly Peer[] | string> {
  try {
    const load = () => loadTfjs({ packages: [TFJS_NATIVE], threads: size.threads, warn: console.warn });
    const { tf } = await load();
    const ours = await createAristarch(size, 'tfjs');
    const { description } = ours;
    const byHand = await createTfjs(size, { name: 'tfjs-node', description, tf, backend: 'tensorflow' });
    const run = async (steps: number) => {
      await load();
      return ours.run(steps);
    };
    return [{ ...ours, name: 'aristarch-tfjs', run }, byHand];
  } catch (thrown) {
    return `TensorFlow is absent: ${messageOf(thrown)}`;
  }
}
