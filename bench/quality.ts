import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { ABLATIONS, type AblationName } from './quality/ablations.ts';
import { measurePeers, whyNoPeers, type PeerMeasurement } from './quality/measure-peers.ts';
import { measureSet, type Measurement } from './quality/measure-set.ts';
import { writeQualityPage } from './quality/page.ts';
import { collectNslKdd } from './quality/nsl-kdd.ts';
import { readQuoted } from './quality/quoted-figures.ts';
import { overallsOf, resultPath, rounded, type PeerFigure, type QualityResult } from './quality/result.ts';
import { overallOf, summariseSets, type Overall } from './quality/summary.ts';
import { benchConfig } from './support/detector.ts';
import { percent, writeDocument } from './support/documents.ts';
import { findOpenSets, TUNING_SETS, type OpenSet } from './support/open-sets.ts';
import { PROTOCOL_NAMES, type ProtocolName } from './support/protocols.ts';

const HELP = `npm run bench:quality [-- OPTIONS]

AUROC and average precision on labelled sets, with the project's own training; a run that was cut goes on where it was.

  --sets NAMES        sets or families, separated by commas; "tuning" for the twelve that decisions are taken on
  --seeds LIST        default 0,1,2
  --protocol NAME     ${PROTOCOL_NAMES.join(' or ')}
  --ablation NAME     ${Object.keys(ABLATIONS).join(', ')}
  --set KEY=VALUE     change a setting of the family, or of the run; may be repeated
  --peers             measure the peers of scikit-learn as well, and of PyOD where it is installed, in the same split
                      (ARISTARCH_PYTHON, else python3)
  --nsl-kdd           take the evaluations of "npm run check:nsl-kdd" with these seeds into the documentation
  --fresh             measure again what is in .cache/bench: after a change of the code
  --write             write docs/quality/*.json, docs/quality.md and its pictures
  --json              the result as JSON on standard output`;

interface Options {
  readonly sets: readonly OpenSet[];
  readonly seeds: readonly number[];
  readonly protocol: ProtocolName;
  readonly ablation: AblationName;
  readonly changed: Readonly<Record<string, unknown>>;
  readonly peers: boolean;
  readonly fresh: boolean;
}

async function runBench(options: Options): Promise<QualityResult> {
  const { sets, protocol, ablation, changed, seeds } = options;
  const names = sets.map(({ name }) => name);
  const quoted = ablation === 'default' ? await readQuoted(protocol, names) : null;
  const families = new Map(sets.map(({ name, family }) => [name, family]));
  return {
    ...{ protocol, ablation, changed: { ...changed }, seeds: [...seeds] },
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`,
    measurements: (await measureAll(options)).map(rounded),
    peers: options.peers ? await measureAllPeers(options) : null,
    quoted: quoted && {
      source: quoted.source,
      figures: quoted.figures.map((figure) => ({
        ...{ ...figure, family: families.get(figure.set)! },
        averagePrecision: figure.averagePrecision ?? null,
      })),
    },
  };
}

async function measureAll({ sets, seeds, protocol, changed, fresh }: Options): Promise<Measurement[]> {
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const onMeasured = ({ set, seed, auroc, averagePrecision, trainSeconds }: Measurement, wasCached: boolean): void => {
    if (wasCached) return;
    const figures = `AUROC ${percent(auroc)}, AP ${percent(averagePrecision)}, ${trainSeconds.toFixed(1)} s`;
    console.error(`${set}, seed ${seed}: ${figures}`);
  };
  const all: Measurement[] = [];
  const config = benchConfig(changed);
  for (const set of sets)
    all.push(...(await measureSet(set, { executor, config, protocol, seeds, fresh, onMeasured })));
  await executor.close();
  return all;
}

async function measureAllPeers({ sets, seeds, protocol, fresh }: Options): Promise<QualityResult['peers']> {
  const python = process.env['ARISTARCH_PYTHON'] ?? 'python3';
  const reason = whyNoPeers(python);
  if (reason !== null) throw new Error(reason);
  const all: PeerMeasurement[] = [];
  for (const set of sets) {
    all.push(...(await measurePeers(set, { python, protocol, seeds, fresh })));
    console.error(`peers on ${set.name}`);
  }
  const methods = [...new Set(all.map(({ method }) => method))];
  const figures = methods.flatMap((method): PeerFigure[] =>
    summariseSets(all.filter((run) => run.method === method)).map(({ family, set, auroc, averagePrecision }) => ({
      ...{ method, family, set },
      ...{ auroc: Number(auroc.mean.toFixed(5)), averagePrecision: Number(averagePrecision.mean.toFixed(5)) },
    })),
  );
  return { library: all[0]?.library ?? '', figures };
}

function show({ measurements }: QualityResult): string {
  const line = (label: string, { sets, auroc, averagePrecision }: Overall): string =>
    `${label.padEnd(16)} ${String(sets).padStart(3)} sets   AUROC ${percent(auroc)}   AP ${percent(averagePrecision)}`;
  const { all, families } = overallsOf(measurements);
  const tuning = summariseSets(measurements).filter(({ set }) => TUNING_SETS.has(set));
  const others = summariseSets(measurements).filter(({ set }) => !TUNING_SETS.has(set));
  return [
    line('all', all),
    ...Object.entries(families).map(([name, overall]) => line(name, overall)),
    ...(tuning.length > 0 ? [line('tuning', overallOf(tuning))] : []),
    ...(others.length > 0 ? [line('others', overallOf(others))] : []),
  ].join('\n');
}

function oneOf<T extends string>(what: string, known: readonly T[], value: string): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw new Error(`--${what} ${value} is not known; known: ${known.join(', ')}`);
  return found;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ peers: { type: 'boolean', default: false }, fresh: { type: 'boolean', default: false } },
      'nsl-kdd': { type: 'boolean', default: false },
      ...{ write: { type: 'boolean', default: false }, sets: { type: 'string', default: '' } },
      ...{ seeds: { type: 'string', default: '0,1,2' }, protocol: { type: 'string', default: 'split' } },
      ...{ ablation: { type: 'string', default: 'default' }, set: { type: 'string', multiple: true, default: [] } },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const ablation = oneOf('ablation', Object.keys(ABLATIONS) as AblationName[], values.ablation);
  const settings = values.set.map((pair) => pair.split('=', 2) as [string, string]);
  const result = await runBench({
    ...{ ablation, peers: values.peers, fresh: values.fresh },
    sets: findOpenSets(values.sets.split(',').filter(Boolean)),
    seeds: values.seeds.split(',').map(Number),
    protocol: oneOf('protocol', PROTOCOL_NAMES, values.protocol),
    changed: { ...ABLATIONS[ablation].changed, ...Object.fromEntries(settings) },
  });
  if (values['nsl-kdd']) await collectNslKdd(result.seeds);
  if (values.write) {
    await writeDocument(resultPath(result), JSON.stringify(result));
    await writeQualityPage();
  }
  console.log(values.json ? JSON.stringify(result) : show(result));
}

await main();
