// In which order suites begin: long ones first, so that none is left alone at the end. Those with a broker wait for a third of their time.
import Sequencer from '@jest/test-sequencer';

/** Suites of more than half a minute, longest first, as a whole run on two cores measures them. */
export const LONGEST = [
  ...['broker/kafkajs', 'broker/platformatic', 'guides/guides', 'runtime/webgpu', 'contract/families'],
  ...['deploy/alerts-caused', 'deploy/spark', 'training/stylegan', 'server/workers/service', 'server/device'],
  ...['training/reproducible', 'server/slow-callers', 'training/families', 'training/own-copies'],
  ...['training/stylegan-growth', 'server/fuzz/kafka', 'numerics/stylegan-golden', 'doctor/doctor'],
  ...['training/stylegan-labels', 'runtime/devices'],
];

/** The others come as Jest orders them: those that failed, then by the time that they took last, or by size where nobody knows. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = LONGEST.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return at === -1 ? LONGEST.length : at;
    };
    return super.sort(tests).toSorted((a, b) => rank(a) - rank(b));
  }
}
