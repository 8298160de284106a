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

# Trains and evaluates by one seed; what the commands say of it goes to a file.
run_seed() {
  npm run --silent train -- --data "$data/normal.parquet" --out "$out/model-$1" --seed "$1" --json >"$out/train-$1.json" &&
    npm run --silent evaluate -- --model "$out/model-$1" --data "$data/test.parquet" --label label --json >"$out/evaluation-$1.json"
}

# All at once: each trains on one core, and the peers' share of the time is another's to use.
seeds=("${@:-0}")
running=()
for seed in "${seeds[@]}"; do
  run_seed "$seed" 2>"$out/log-$seed.txt" &
  running+=($!)
done
for i in "${!seeds[@]}"; do
  status=0
  wait "${running[$i]}" || status=$?
  cat "$out/log-${seeds[$i]}.txt" >&2
  [ "$status" -eq 0 ] || exit "$status"
  reports+=("$out/evaluation-${seeds[$i]}.json")
done
node .ci/check-nsl-kdd.mjs "${reports[@]}"
