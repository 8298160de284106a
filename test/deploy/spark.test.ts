import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { createRowCalibration } from '../../src/scoring/group-calibration.ts';
import { readArtefact } from '../../src/models/artefact/read.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { createManifest } from '../support/artefacts.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { needs, pythonPath } from '../support/needs.ts';
import { runPythonJson } from '../support/python.ts';
import { createServeFixture } from '../support/serve-fixture.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { normalOrders, ODD_ORDER, useTinyModel } from '../support/train-tiny.ts';

const SPARK = resolve(import.meta.dirname, '../../deploy/spark');
/** Largest difference to the service's score, relative to 1 + |score|: two builds of ONNX Runtime sum in another order. */
const TOLERANCE = 1e-5;

const need = needs('java', 'python:pyspark', 'python:onnxruntime', 'python:pyarrow');
const data = useDataFolder();
const serve = createServeFixture();
const connect = createClientFixture();
const trained = useTinyModel();

interface Scored {
  readonly place: number;
  readonly score: number;
  readonly p_value: number;
  readonly anomalous: boolean;
}

need.describe('deploy/spark', () => {
  need.it(
    'scores a table as the service does, and leaves its other columns as they are',
    async () => {
      const orders = [
        ...normalOrders(300, 2),
        ODD_ORDER,
        { ...ODD_ORDER, price: Infinity, weight: null, colour: null, wrapped: null, at: null },
        { ...ODD_ORDER, price: NaN, at: '1969-12-31T23:59:59.5Z' },
      ];
      const values = orders.map(({ price, items, weight, colour, wrapped, at }, place) => {
        const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);
        const cells = [`'${price}'::DOUBLE`, `${items}::INTEGER`, `${weight}::DOUBLE`, text(colour), String(wrapped)];
        return `(${[place, ...cells, `${text(at)}::TIMESTAMP`, `9007199254740993 + ${place}`].join(', ')})`;
      });
      const columns = 'place, price, items, weight, colour, wrapped, "at", account';
      const table = await data.writeParquet(
        'orders.parquet',
        `SELECT * FROM (VALUES ${values.join(', ')}) AS t (${columns})`,
      );
      const out = data.path('scored');
      await submit('--model', trained().folder, '--data', table, '--out', out, '--rate', '0.05');
      const scored = await readScored<Scored & { account: string }>(join(out, '*.parquet'));
      expect(scored).toHaveLength(orders.length);
      expect(scored.map(({ account }) => account)).toEqual(
        orders.map((_, place) => String(9007199254740993n + BigInt(place))),
      );

      const { addresses } = await serve({
        openDetector: () => openDetector(trained().folder, { device: 'cpu' }),
      });
      const number = (value: number | null) => (value === null ? { null: 'NULL_VALUE' } : { number: value });
      const records = orders.map(({ price, items, weight, colour, wrapped, at }) => ({
        fields: {
          ...{ price: number(price), items: number(items), weight: number(weight) },
          colour: colour === null ? { null: 'NULL_VALUE' } : { text: colour },
          wrapped: wrapped === null ? { null: 'NULL_VALUE' } : { flag: wrapped },
          at: at === null ? { null: 'NULL_VALUE' } : { text: at },
        },
      }));
      const { results } = await connect(addresses.grpc).score({ records: { records }, falsePositiveRate: 0.05 });
      expect(
        compare(
          scored,
          results.map(({ score, pValue, anomalous }) => ({ score, pValue, anomalous })),
        ),
      ).toEqual([]);
      expect(results.some(({ anomalous }) => anomalous)).toBe(true);
      expect(results.some(({ anomalous }) => !anomalous)).toBe(true);
      // The comparison can fail: neighbours' scores differ.
      expect(compare(scored, [...results.slice(1), results[0]!]).length).toBeGreaterThan(100);
    },
    600_000,
  );

  need.it('judges rows by their own group, where the model is calibrated by groups, as the service does', async () => {
    const ascending = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i / 10);
    const base = createManifest();
    const fields = base.features.fields.map((field) =>
      field.kind === 'number' ? field : { ...field, condition: true as const },
    );
    const members = [
      { levels: ['blue', null], scores: ascending(3, 40) },
      { levels: ['red', true], scores: ascending(1, 60) },
    ];
    const calibration = {
      ...base.calibration,
      groups: { conditions: ['colour', 'paid'], members, rest: ascending(2, 30) },
    };
    const folder = await writeTinyModel(data.path('grouped'), {
      manifest: { features: { ...base.features, fields }, calibration },
    });
    const levels = [0, 1, 2, NaN];
    const flags = [0, 1, NaN];
    const rows = Float32Array.from(
      levels.flatMap((colour) =>
        flags.flatMap((paid) => [0.5, 2, 4.05, 6, 9].flatMap((amount) => [amount, colour, paid])),
      ),
    );
    const scores = Float32Array.from({ length: rows.length / 3 }, (_, row) => rows[3 * row]!);
    const { manifest } = await readArtefact(folder);
    const expected = createRowCalibration(manifest).pValuesOf(rows, scores);
    const answer = runPythonJson(
      `
import json, sys
import numpy as np
job = json.load(sys.stdin)
sys.path.insert(0, job["spark"])
from aristarch_spark import Judge, Model
rows = np.array([float(value) for value in job["rows"]], np.float32).reshape(-1, 3)
judge = Judge.of(Model.read(job["folder"]).manifest)
try:
    judge.check_rate(0.02)
    sys.exit("a rate that the smallest group cannot keep was accepted")
except ValueError as fault:
    assert "ask for at least 0.032" in str(fault), fault
print(json.dumps(judge.p_values(rows, rows[:, 0]).tolist()))
`,
      { spark: SPARK, folder, rows: Array.from(rows, String) },
    );
    expect(answer).toEqual([...expected]);
    expect(new Set(expected).size).toBeGreaterThan(7);
  });

  need.it(
    'refuses a table that lacks a column',
    async () => {
      const table = await data.writeParquet('few.parquet', 'SELECT 1.5 AS price');
      const job = ['--model', trained().folder, '--data', table, '--out', data.path('none')];
      await expect(submit(...job)).rejects.toThrow(/error: the table has no column items, weight, colour, wrapped, at/);
    },
    600_000,
  );
});

/** Runs the job on two cores of this machine. */
async function submit(...flags: string[]): Promise<void> {
  const env = {
    ...process.env,
    ...{ PYSPARK_PYTHON: pythonPath(), SPARK_LOCAL_IP: '127.0.0.1', PYTHONPATH: SPARK },
    PYSPARK_SUBMIT_ARGS: '--master local[2] --conf spark.ui.enabled=false pyspark-shell',
  };
  await promisify(execFile)(pythonPath(), [join(SPARK, 'score_table.py'), ...flags], { env, timeout: 580_000 });
}

/** Rows in their order; whole numbers beyond 2^53 as text. */
async function readScored<R>(path: string): Promise<R[]> {
  const script = `
import json, sys, glob
import pyarrow.parquet as parquet, pyarrow as pa
table = pa.concat_tables([parquet.read_table(file) for file in sorted(glob.glob(json.load(sys.stdin)))]).sort_by("place")
table = table.set_column(table.schema.get_field_index("account"), "account", table["account"].cast(pa.string()))
print(table.select(["place", "account", "score", "p_value", "anomalous"]).to_pandas().to_json(orient="records", double_precision=15))
`;
  return Promise.resolve(runPythonJson(script, path) as R[]);
}

/** Places at which Spark and the service disagree. */
function compare(
  scored: readonly Scored[],
  results: readonly { readonly score: number; readonly pValue: number; readonly anomalous: boolean }[],
): number[] {
  return results.flatMap(({ score, pValue, anomalous }, place) => {
    const ours = scored[place]!;
    const isNear = Math.abs(ours.score - score) <= TOLERANCE * (1 + Math.abs(score));
    // A score that moved by less than the tolerance may pass one calibration score.
    return isNear && Math.abs(ours.p_value - pValue) <= 0.01 && ours.anomalous === anomalous ? [] : [place];
  });
}
