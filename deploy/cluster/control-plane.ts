import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { findFreePorts } from '../../test/support/kafka-broker.ts';
import { cutLeash, spawnLeashed } from '../../test/support/leash.ts';
import { toolPath } from '../../test/support/tool-path.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { Cluster } from './cluster.ts';
import { readStages } from './modules.ts';

/** A slow machine may take a while to start so many processes. */
const START_MS = 120_000;

export interface ControlPlane extends AsyncDisposable {
  readonly cluster: Cluster;
}

/**
 * Kubernetes itself, on 127.0.0.1: etcd, API server, controllers and scheduler, all of them real; and one node that kwok pretends
 * to be, on which pods are ready at once and nothing runs. `folder` is for its files. Throws the end of a log where a part does not start.
 */
export async function startControlPlane(folder: string): Promise<ControlPlane> {
  const started: Part[] = [];
  const dispose = async (): Promise<void> => {
    for (const part of started.toReversed()) await cutLeash(part.child);
  };
  const start = (name: string, flags: readonly string[]): void => void started.push(startPart(folder, name, flags));
  const alive = (): void => {
    const gone = started.find(({ child }) => child.exitCode !== null);
    if (gone !== undefined) throw new Error(`${gone.name} ended:\n${readFileSync(gone.log, 'utf8').slice(-2000)}`);
  };
  try {
    const [etcd, peers, port] = await findFreePorts();
    const token = randomBytes(16).toString('hex');
    const files = writeFiles(folder, { port, token });
    start('etcd', etcdFlags(folder, etcd, peers));
    start('kube-apiserver', apiFlags(folder, { etcd, port }));
    const cluster = new Cluster(files.kubeconfig);
    await waitUntil('the API server', () => (alive(), isReady(cluster)), START_MS);
    const client = [`--kubeconfig=${files.kubeconfig}`];
    const aside = [...client, '--leader-elect=false', '--secure-port=0'];
    // A busy machine may miss a heartbeat, for which pods would be unready for good: kwok says that they are ready once.
    const patience = '--node-monitor-grace-period=1h';
    start('kube-controller-manager', [
      ...aside,
      patience,
      `--service-account-private-key-file=${join(folder, 'account.key')}`,
    ]);
    start('kube-scheduler', aside);
    start('kwok', [
      ...client,
      '--manage-all-nodes=true',
      '--node-lease-duration-seconds=40',
      `--config=${files.stages}`,
    ]);
    await cluster.apply([NODE]);
    await waitUntil(
      'the fake node',
      async () => (alive(), await cluster.isReady('node', NODE.metadata.name)),
      START_MS,
    );
    return { cluster, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Part {
  readonly name: string;
  readonly child: ChildProcess;
  readonly log: string;
}

function startPart(folder: string, name: string, flags: readonly string[]): Part {
  const log = join(folder, `${name}.log`);
  const output = openSync(log, 'w');
  try {
    return { name, log, child: spawnLeashed([toolPath(name), ...flags], { output, cwd: folder }) };
  } finally {
    closeSync(output);
  }
}

const isReady = async (cluster: Cluster): Promise<boolean> =>
  (await cluster.tryKubectl(['get', '--raw', '/readyz'])).status === 0;

function etcdFlags(folder: string, port: number, peers: number): string[] {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peers}`];
  return [
    ...['--data-dir', join(folder, 'etcd'), '--initial-cluster', `default=${peerUrl}`],
    ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
  ];
}

function apiFlags(folder: string, { etcd, port }: { readonly etcd: number; readonly port: number }): string[] {
  const key = join(folder, 'account.key');
  return [
    ...[`--etcd-servers=http://127.0.0.1:${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
    ...[`--cert-dir=${join(folder, 'certificates')}`, `--token-auth-file=${join(folder, 'tokens.csv')}`],
    ...['--service-cluster-ip-range=10.0.0.0/16', '--authorization-mode=RBAC'],
    // Debian's etcd cannot say how far it is, which streamed lists need: kwok would ask for them again and again, half a minute long.
    '--feature-gates=WatchList=false',
    ...['--service-account-issuer=https://localhost', `--service-account-key-file=${key}`],
    `--service-account-signing-key-file=${key}`,
  ];
}

/** The key of service accounts, the token of an administrator, and how clients find the server. */
function writeFiles(folder: string, { port, token }: { readonly port: number; readonly token: string }) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }));
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
  const [kubeconfig, stages] = [join(folder, 'kubeconfig'), join(folder, 'stages.yaml')];
  // JSON is YAML. The server's certificate is its own, and it listens on this machine alone.
  const server = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: server }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'admin' } }],
    'current-context': 'local',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  writeFileSync(stages, readStages());
  return { kubeconfig, stages };
}

const ROOM = { cpu: '64', memory: '256Gi', pods: '200', 'ephemeral-storage': '1Ti', 'nvidia.com/gpu': '16' };
/** Large enough for every values file, with the label that ci/gpu.yaml looks for. */
const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'fake-0',
    labels: { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': 'fake-0', accelerator: 'nvidia' },
  },
  status: { allocatable: ROOM, capacity: ROOM },
};
