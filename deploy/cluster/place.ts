import type { Cluster } from './cluster.ts';

/** What Kubernetes itself holds pods to in a namespace. */
const RESTRICTED = {
  'pod-security.kubernetes.io/enforce': 'restricted',
  'pod-security.kubernetes.io/enforce-version': 'latest',
  // Pods are refused, and what would make such pods is warned of: so a dry run tells as well.
  'pod-security.kubernetes.io/warn': 'restricted',
};

/** Claims that the values files name, each with a volume of its own, as somebody would have made them before. */
const CLAIMS = [
  { name: 'models', accessModes: ['ReadWriteMany'] },
  { name: 'rows', accessModes: ['ReadWriteMany'] },
  { name: 'models-one-node', accessModes: ['ReadWriteOnce'] },
];

/** A namespace that refuses pods that are not restricted, and what is expected to be there before the chart. */
export async function preparePlace(cluster: Cluster, namespace: string): Promise<void> {
  const volumes = CLAIMS.flatMap(({ name, accessModes }) => {
    const size = { storage: '1Gi' };
    const volume = `${namespace}-${name}`;
    return [
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: volume },
        spec: { capacity: size, accessModes, hostPath: { path: '/volume' }, claimRef: { namespace, name } },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace },
        spec: { accessModes, storageClassName: '', volumeName: volume, resources: { requests: size } },
      },
    ];
  });
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: RESTRICTED } },
    // ci/plain.yaml names them.
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'shared', namespace } },
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 },
    ...volumes,
  ]);
}

/** So that it can be made anew. */
export async function removePlace(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.kubectl(['delete', 'namespace', namespace]);
  await cluster.kubectl(['delete', 'persistentvolume', ...CLAIMS.map(({ name }) => `${namespace}-${name}`)]);
}
