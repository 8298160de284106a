// Reads evaluations of NSL-KDD, one a seed, prints AUROC beside the peers', and fails where we are not better.
import { readFileSync } from 'node:fs';

/** One seed moves a point or so by chance alone, so kNN, the closer peer, is asked of the mean of three. */
const SEEDS_FOR_KNN = 3;

const evaluations = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, 'utf8')));
const own = evaluations.map(({ auroc }) => auroc);
const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
if (!Number.isFinite(mean)) fail(`no AUROC in ${process.argv.slice(2).join(', ')}`);
console.log(`AUROC ${own.map((value) => value.toFixed(4)).join(', ')}; mean ${mean.toFixed(4)}`);

mustBeat('isolationForest');
if (own.length >= SEEDS_FOR_KNN) mustBeat('knn');

function mustBeat(peer) {
  const auroc = evaluations[0].peers?.[peer]?.auroc;
  if (!Number.isFinite(auroc)) fail(`the evaluation has no ${peer}: is scikit-learn in ARISTARCH_PYTHON?`);
  console.log(`${peer} ${auroc.toFixed(4)}`);
  if (mean <= auroc) fail(`the mean AUROC ${mean.toFixed(4)} does not beat ${peer}'s ${auroc.toFixed(4)}`);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
