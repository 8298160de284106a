import { basename } from 'node:path';
import { z } from 'zod';
import { CHART } from '../helm/chart/files.ts';
import type { Cluster, Helm } from './cluster.ts';
import { checkServing, checkWhatIsStored } from './facts.ts';
import { preparePlace } from './place.ts';
import { AT_ONCE, flagsOf, KINDS, OF_RELEASE, RELEASE } from './release.ts';
import { preparedSteps, type Step } from './steps.ts';
import { waitFor } from './wait.ts';

export interface Life {
  readonly helm: Helm;
  readonly values: string;
  readonly steps: readonly Step[];
  readonly pods: number;
  readonly resources: number;
}

/**
 * Installs the chart with a values file, changes a setting, goes back, and takes it away, each time waiting as `--wait` does; and looks at what the
 * API server keeps after each. Throws for the first thing that is not as it should be.
 */
export async function live(cluster: Cluster, helm: Helm, file: string): Promise<Life> {
  const values = basename(file, '.yaml');
  const namespace = `${helm}-${values}`;
  await preparePlace(cluster, namespace);
  const { steps, step } = preparedSteps();
  const upgrade = ['upgrade', '--install', RELEASE, CHART, '--values', file, ...AT_ONCE, ...flagsOf(namespace)];

  await step('install', () => cluster.helm(helm, upgrade));
  const first = await readDeployment(cluster, namespace);
  const resources = await checkWhatIsStored(cluster, namespace);
  const pods = await checkServing(cluster, namespace);

  await step('upgrade', () => cluster.helm(helm, [...upgrade, '--set', 'config.threads=2']));
  const second = await readDeployment(cluster, namespace);
  if (second.checksum === first.checksum)
    throw new Error('a changed setting leaves the checksum of the pods as it was');
  await checkReplicaSets(cluster, namespace, { revision: '2', sets: 2, pods });
  await checkServing(cluster, namespace);

  await step('rollback', () => cluster.helm(helm, ['rollback', RELEASE, ...flagsOf(namespace)]));
  const third = await readDeployment(cluster, namespace);
  if (third.checksum !== first.checksum) throw new Error('the rollback does not bring the earlier settings back');
  // The earlier set is taken again, and no third one is made.
  await checkReplicaSets(cluster, namespace, { revision: '3', sets: 2, pods });

  await step('uninstall', () => cluster.helm(helm, ['uninstall', RELEASE, ...flagsOf(namespace)]));
  // What belongs to what Helm took away goes with it, a little later.
  let left: readonly string[] = [];
  const isGone = async (): Promise<boolean> => {
    const found = await cluster.list(namespace, `${KINDS},pods,replicasets`, OF_RELEASE);
    left = found.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    return left.length === 0;
  };
  await waitFor('the release to be gone', isGone, () => left);
  const claims = await cluster.list(namespace, 'persistentvolumeclaims');
  if (claims.length !== 3) throw new Error('a claim that was there before is gone');
  return { helm, values, steps, pods, resources };
}

const deploymentSchema = z.object({
  spec: z.object({
    replicas: z.number(),
    template: z.object({ metadata: z.object({ annotations: z.record(z.string(), z.string()) }) }),
  }),
});

/** The one Deployment of the release. */
export async function readDeployment(cluster: Cluster, namespace: string) {
  const [found, ...more] = await cluster.list(namespace, 'deployments', OF_RELEASE);
  if (found === undefined || more.length > 0) throw new Error(`${more.length + 1} Deployments instead of one`);
  const { spec } = deploymentSchema.parse(found);
  return {
    name: found.metadata.name,
    replicas: spec.replicas,
    checksum: spec.template.metadata.annotations['checksum/config'],
  };
}

/** All pods are of the newest revision's set, and the others are empty. */
async function checkReplicaSets(
  cluster: Cluster,
  namespace: string,
  expected: { readonly revision: string; readonly sets: number; readonly pods: number },
): Promise<void> {
  let sets: Awaited<ReturnType<typeof readSets>> = [];
  const isSo = async (): Promise<boolean> => {
    sets = await readSets(cluster, namespace);
    const [holding, ...more] = sets.filter(({ replicas }) => replicas > 0);
    const isRight = holding?.revision === expected.revision && holding.replicas === expected.pods && more.length === 0;
    return isRight && sets.length === expected.sets;
  };
  await waitFor('the sets of pods', isSo, () => ({ sets, expected }));
}

async function readSets(cluster: Cluster, namespace: string) {
  const sets = await cluster.list(namespace, 'replicasets', OF_RELEASE);
  return sets.map(({ metadata, ...rest }) => ({
    revision: metadata.annotations['deployment.kubernetes.io/revision'],
    replicas: z.object({ spec: z.object({ replicas: z.number() }) }).parse(rest).spec.replicas,
  }));
}
