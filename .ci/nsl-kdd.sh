#!/usr/bin/env bash
# End to end on real data: train on NSL-KDD's normal connections, evaluate on its test rows, compare with the peers.
# Usage: .ci/nsl-kdd.sh SEED... One seed must beat IsolationForest; the mean of three or more must beat kNN as well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=../shared/data/nsl-kdd
out=.cache/nsl-kdd
rm -rf "$out"
mkdir -p "$out"
reports=()
for seed in "${@:-0}"; do
  npm run --silent train -- --data "$data/normal.parquet" --out "$out/model-$seed" --seed "$seed" --json >"$out/train-$seed.json"
  report="$out/evaluation-$seed.json"
  npm run --silent evaluate -- --model "$out/model-$seed" --data "$data/test.parquet" --label label --json >"$report"
  reports+=("$report")
done
node .ci/check-nsl-kdd.mjs "${reports[@]}"
