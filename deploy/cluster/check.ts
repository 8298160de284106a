// Installs the chart on a real control plane of Kubernetes, whose one node is a fake: `npm run check:cluster`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { VALUES_FILES, valuesFile } from '../../test/support/chart.ts';
import { writeDocument } from '../../bench/support/documents.ts';
import type { Cluster, Helm } from './cluster.ts';
import { startControlPlane } from './control-plane.ts';
import { followGuide } from './guide.ts';
import { live, type Life } from './life.ts';
import { readExtensions } from './modules.ts';
import { describeCheck, type Shown } from './report.ts';
import { listTrials } from './trials.ts';

const HELP = `npm run check:cluster [-- OPTIONS]

Starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and a fake node (kwok), and with Helm 3 and 4 installs, upgrades, rolls back and
uninstalls the chart there. Needs etcd (Debian's etcd-server), Go, and
  .ci/go-tools.sh .cache/tools helm3 helm4 kube-apiserver kube-controller-manager kube-scheduler kubectl kwok
which takes some 25 minutes the first time; ARISTARCH_TOOLS names the folder, or folders, of the programs. The exit code is 1 where anything is not as it should be.

  --lives LIST   values files of ci/ that are installed; MAIN
  --only TEXT    only the trials that have TEXT in them
  --write        writes docs/cluster-check.md`;

/** The ways to configure it in which Kubernetes has most to do. */
const MAIN = ['pvc', 'plain', 'kafka-keda', 'monitoring', 'entrances', 'tls-tokens', 'hpa', 'training-job', 'one-node'];
const HELMS: readonly Helm[] = ['helm3', 'helm4'];

const { values: options } = parseArgs({
  options: {
    lives: { type: 'string', default: MAIN.join() },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP.replace('MAIN', MAIN.join()));
  process.exit();
}

const started = performance.now();
const seconds = (since = started): number => (performance.now() - since) / 1000;
const say = (line: string): void => console.log(`${seconds().toFixed(1).padStart(6)} s  ${line}`);
const faults: string[] = [];

/** Does it, and says so; a fault is told, and the rest goes on. */
async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
  const since = performance.now();
  try {
    const result = await work();
    say(`${what}: ${seconds(since).toFixed(1)} s`);
    return result;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    faults.push(`${what}: ${text}`);
    say(`FAILED ${what}: ${text}`);
    return undefined;
  }
}

async function liveAll(cluster: Cluster): Promise<Life[]> {
  const found: Life[] = [];
  for (const name of options.lives.split(',').filter((part) => part !== '')) {
    // Each Helm in a namespace of its own, side by side.
    const both = HELMS.map((helm) =>
      attempt(`ci/${name}.yaml by ${helm}`, () => live(cluster, helm, valuesFile(name))),
    );
    found.push(...(await Promise.all(both)).filter((life) => life !== undefined));
  }
  return found;
}

async function tryAll(cluster: Cluster, scratch: string): Promise<Shown[]> {
  const shown: Shown[] = [];
  const guides = HELMS.map((helm) => ({
    what: `the commands of docs/kubernetes.md and docs/guides/kubernetes.md do what they say, one after the other (${helm})`,
    run: () => followGuide(cluster, helm, scratch),
  }));
  const trials = [...listTrials(VALUES_FILES.toSorted()), ...guides];
  for (const { what, run } of trials.filter((trial) => trial.what.includes(options.only))) {
    const since = performance.now();
    const done = await attempt(what, async () => (await run(cluster), true));
    if (done) shown.push({ what, seconds: seconds(since) });
  }
  return shown;
}

const scratch = mkdtempSync(join(tmpdir(), 'aristarch-cluster-'));
try {
  await using plane = await startControlPlane(scratch);
  const ready = seconds();
  say('the control plane and its fake node are ready');
  await plane.cluster.apply(readExtensions());
  await plane.cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
  say('the definitions of ServiceMonitor, PrometheusRule, ScaledObject and GRPCRoute are there');
  const lives = await liveAll(plane.cluster);
  const shown = await tryAll(plane.cluster, scratch);
  const text = describeCheck({ ready, lives, shown, seconds: seconds() });
  console.log(`\n${text}`);
  if (options.write && faults.length === 0) await writeDocument('cluster-check.md', text);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
if (faults.length > 0) console.log(`\nFAILED:\n${faults.join('\n')}`);
process.exitCode = faults.length > 0 ? 1 : 0;
