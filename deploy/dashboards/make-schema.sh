#!/usr/bin/env bash
# Writes test/deploy/grafana-dashboard.schema.json: the JSON Schema of Grafana's own type of a dashboard. The packages go to a
# scratch folder, for they are large and wanted only here.
set -euo pipefail
target="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/test/deploy/grafana-dashboard.schema.json"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init --yes >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error @grafana/schema@13.2.3 ts-json-schema-generator@2.4.0 typescript@5.9.3
npx ts-json-schema-generator --path node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen.d.ts \
  --type Dashboard --no-type-check --minify --out "$target"
