import { parseArgs } from 'node:util';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { measureSet, type SetMeasurement } from './explain/measure-set.ts';
import { addTallies, type Tally } from './explain/tally.ts';
import { benchConfig } from './support/detector.ts';
import { findOpenSets, readOpenSet, type OpenSet } from './support/open-sets.ts';

const COLUMNS = { fewest: 8, most: 60 };

const { values } = parseArgs({
  options: {
    sets: { type: 'string', default: 'adbench' },
    seeds: { type: 'string', default: '0,1,2' },
    /** Changes the search, for ablations: --steps 4 --descents 0. */
    steps: { type: 'string' },
    descents: { type: 'string' },
    /** Also rows that are flagged before they are corrupted. */
    'any-normal': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const percent = (part: number, whole: number): string => (whole === 0 ? '-' : ((100 * part) / whole).toFixed(1));

function describeTally({ flagged, rows, first, firstThree, ...tally }: Tally): string {
  const of = (count: number): string => percent(count, flagged);
  const both = (ranker: keyof Tally['first']): string => `${of(first[ranker])}/${of(firstThree[ranker])}`;
  return [
    `${flagged} of ${rows} flagged; first/first three: contributions ${both('contributions')}`,
    `|z| ${both('deviation')}, neighbours ${both('neighbours')}; right sign ${of(tally.rightSign)}`,
    `counterpart not flagged ${of(tally.unflagged)}, ${(tally.changed / Math.max(1, flagged)).toFixed(1)} fields changed`,
    `worst sum ${tally.worstSum.toExponential(1)}`,
  ].join(', ');
}

function describeSet(m: SetMeasurement): string {
  const head = `${m.set} seed ${m.seed}, ${m.columns} columns, ${m.predictable} predictable`;
  const cost = `${m.explainedRowsPerSecond.toFixed(0)} explained and ${m.scoredRowsPerSecond.toFixed(0)} plain rows/s`;
  return `${head}; ${cost}\n  far: ${describeTally(m.far)}\n  relation: ${describeTally(m.relation)}`;
}

async function fits(set: OpenSet): Promise<boolean> {
  const { width } = await readOpenSet(set);
  return width >= COLUMNS.fewest && width <= COLUMNS.most;
}

const search = {
  ...(values.steps !== undefined && { steps: Number(values.steps) }),
  ...(values.descents !== undefined && { descents: Number(values.descents) }),
};
const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
const options = { executor, search, anyNormal: values['any-normal'], config: benchConfig({ generator: false }) };
const measurements: SetMeasurement[] = [];
for (const set of findOpenSets(values.sets.split(','))) {
  if (!(await fits(set))) continue;
  for (const seed of values.seeds.split(',').map(Number)) {
    const measurement = await measureSet(set, seed, options);
    measurements.push(measurement);
    console.error(describeSet(measurement));
  }
}
await executor.close();
const far = addTallies(measurements.map((each) => each.far));
const relation = addTallies(measurements.map((each) => each.relation));
if (values.json) console.log(JSON.stringify({ far, relation, measurements }));
else console.log(`all sets\n  far: ${describeTally(far)}\n  relation: ${describeTally(relation)}`);
