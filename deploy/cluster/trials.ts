import { basename } from 'node:path';
import { CHART } from '../helm/chart/files.ts';
import type { Cluster, Helm, Ran } from './cluster.ts';
import { readDeployment } from './life.ts';
import { preparePlace } from './place.ts';
import { AT_ONCE, flagsOf, RELEASE } from './release.ts';
import { waitFor } from './wait.ts';

/** Each throws where the cluster, or Helm, does not do what the sentence says; each has namespaces of its own. */
export interface Trial {
  readonly what: string;
  readonly run: (cluster: Cluster) => Promise<void>;
}

const HELMS: readonly Helm[] = ['helm3', 'helm4'];
const pvc = ['--set', 'model.source=pvc', '--set', 'model.pvc.claimName=models'];

export function listTrials(valuesFiles: readonly string[]): readonly Trial[] {
  return [
    ...valuesFiles.map((file) => ({
      what: `the API server takes every resource of ci/${basename(file)} in a strict dry run, and its pods would be restricted`,
      run: (cluster: Cluster) => dryRun(cluster, file),
    })),
    { what: 'it refuses a misspelt field, so that the dry runs can fail', run: refuseMisspelt },
    { what: 'it refuses a pod that is not restricted, so that the pods of the chart are', run: refusePrivileged },
    ...HELMS.flatMap((helm) => [
      {
        what: `an upgrade that changes nothing leaves the pods alone (${helm})`,
        run: (cluster: Cluster) => leaveAlone(cluster, helm),
      },
      {
        what: `an autoscaler that is turned on keeps the pods that there are, and its own number over upgrade and rollback (${helm})`,
        run: (cluster: Cluster) => turnAutoscalerOn(cluster, helm),
      },
      {
        what: `a claim of one node is refused for two pods, by what the cluster says of it (${helm})`,
        run: (cluster: Cluster) => refuseOneNode(cluster, helm),
      },
    ]),
  ];
}

async function dryRun(cluster: Cluster, file: string): Promise<void> {
  const namespace = `dry-${basename(file, '.yaml')}`;
  await preparePlace(cluster, namespace);
  const text = await template(cluster, namespace, file);
  const { status, error } = await cluster.tryKubectl(['--namespace', namespace, ...DRY], text);
  if (status !== 0 || error.includes('PodSecurity')) throw new Error(error);
}

const template = (cluster: Cluster, namespace: string, file: string): Promise<string> =>
  cluster.helm('helm3', [
    'template',
    RELEASE,
    CHART,
    '--namespace',
    namespace,
    '--kube-version',
    '1.36.3',
    '--values',
    file,
  ]);

const DRY = ['apply', '--dry-run=server', '--validate=strict', '--filename', '-'];
async function refuseMisspelt(cluster: Cluster): Promise<void> {
  await preparePlace(cluster, 'misspelt');
  const text = await template(cluster, 'misspelt', `${CHART}/ci/pvc.yaml`);
  const ran = await cluster.tryKubectl(DRY, text.replace('revisionHistoryLimit:', 'revisionHistoryLimitt:'));
  expectRefusal(ran, 'unknown field "spec.revisionHistoryLimitt"');
}

async function refusePrivileged(cluster: Cluster): Promise<void> {
  await preparePlace(cluster, 'privileged');
  const ran = await cluster.tryKubectl(['--namespace', 'privileged', 'run', 'root', '--image', 'root:1']);
  expectRefusal(ran, 'violates PodSecurity "restricted:latest"');
}

async function leaveAlone(cluster: Cluster, helm: Helm): Promise<void> {
  const namespace = `${helm}-same`;
  await preparePlace(cluster, namespace);
  const upgrade = ['upgrade', '--install', RELEASE, CHART, ...pvc, ...AT_ONCE, ...flagsOf(namespace)];
  const pods = async () =>
    (await cluster.list(namespace, 'pods'))
      .map(({ metadata }) => metadata['uid'])
      .toSorted()
      .join();
  await cluster.helm(helm, upgrade);
  const before = await pods();
  await cluster.helm(helm, [...upgrade, '--set', 'service.annotations.changed=yes']);
  if ((await pods()) !== before) throw new Error('other pods run than before');
}

/** Three pods by `replicas`; then the autoscaler, whose part kubectl plays, makes five of them. */
async function turnAutoscalerOn(cluster: Cluster, helm: Helm): Promise<void> {
  const namespace = `${helm}-scaled`;
  await preparePlace(cluster, namespace);
  const upgrade = ['upgrade', '--install', RELEASE, CHART, ...pvc, ...AT_ONCE, ...flagsOf(namespace)];
  const scaled = [...upgrade, '--set', 'autoscaling.hpa.enabled=true'];
  const expectReplicas = async (when: string, expected: number): Promise<void> => {
    const { replicas } = await readDeployment(cluster, namespace);
    if (replicas !== expected) throw new Error(`${replicas} pods instead of ${expected} ${when}`);
  };
  await cluster.helm(helm, [...upgrade, '--set', 'replicas=3']);
  await cluster.helm(helm, scaled);
  await expectReplicas('when the autoscaler is turned on', 3);
  await cluster.helm(helm, [...scaled, '--set', 'config.threads=2']);
  await expectReplicas('after an upgrade before the autoscaler has done anything', 3);
  const { name } = await readDeployment(cluster, namespace);
  await cluster.kubectl(['--namespace', namespace, 'scale', 'deployment', name, '--replicas', '5']);
  await cluster.helm(helm, [...scaled, '--set', 'config.threads=3']);
  await expectReplicas('after an upgrade', 5);
  await cluster.helm(helm, [...scaled, '--set', 'config.threads=4']);
  await expectReplicas('after another upgrade', 5);
  await cluster.helm(helm, ['rollback', RELEASE, ...flagsOf(namespace)]);
  await expectReplicas('after a rollback', 5);
}

async function refuseOneNode(cluster: Cluster, helm: Helm): Promise<void> {
  const namespace = `${helm}-one`;
  await preparePlace(cluster, namespace);
  await waitFor('the claim', async () => (await cluster.list(namespace, 'persistentvolumeclaims')).length === 3);
  const claim = ['--set', 'model.source=pvc', '--set', 'model.pvc.claimName=models-one-node'];
  const ran = await cluster.tryHelm(helm, ['install', RELEASE, CHART, ...claim, '--namespace', namespace]);
  expectRefusal(ran, 'the claim models-one-node can be mounted by one node alone');
}

function expectRefusal({ status, out, error }: Ran, text: string): void {
  if (status === 0) throw new Error(`it was not refused: ${out}`);
  if (!error.includes(text)) throw new Error(`it was refused for another reason: ${error}`);
}
