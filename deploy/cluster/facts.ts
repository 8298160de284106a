import { z } from 'zod';
import type { Cluster, Resource } from './cluster.ts';
import { KINDS, OF_RELEASE } from './release.ts';
import { waitFor } from './wait.ts';

const SERVING = `${OF_RELEASE},app.kubernetes.io/component=serve`;

const podSchema = z.looseObject({
  status: z.object({
    phase: z.string(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});
const selectorSchema = z.object({ matchLabels: z.record(z.string(), z.string()) });
const textOf = ({ matchLabels }: z.infer<typeof selectorSchema>): string =>
  Object.entries(matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/**
 * The pods of the Deployment are ready, were admitted as restricted, and are the ones that services, policy and budget mean.
 * Answers how many there are.
 */
export async function checkServing(cluster: Cluster, namespace: string): Promise<number> {
  const pods = await cluster.list(namespace, 'pods', SERVING);
  const alive = pods.filter(({ metadata }) => metadata['deletionTimestamp'] === undefined);
  const ready = alive.filter((pod) =>
    podSchema.parse(pod).status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  if (alive.length === 0 || ready.length !== alive.length)
    throw new Error(`${ready.length} of ${alive.length} pods are ready`);
  const names = alive.map(({ metadata }) => metadata.name).toSorted();
  for (const service of await cluster.list(namespace, 'services', OF_RELEASE)) {
    await waitFor(`all pods behind ${service.metadata.name}`, async () => {
      const behind = await podsBehind(cluster, namespace, service);
      return behind.join() === names.join();
    });
  }
  return alive.length;
}

const sliceSchema = z.looseObject({
  ports: z.array(z.object({ name: z.string(), port: z.number() })).nullable(),
  endpoints: z
    .array(z.object({ conditions: z.object({ ready: z.boolean() }), targetRef: z.object({ name: z.string() }) }))
    .nullable(),
});
const PORTS: Readonly<Record<string, number>> = { grpc: 50_051, http: 8080 };

/** Names of the ready pods that a service leads to, by the ports that the container opens. */
async function podsBehind(cluster: Cluster, namespace: string, service: Resource): Promise<readonly string[]> {
  const slices = await cluster.list(namespace, 'endpointslices', `kubernetes.io/service-name=${service.metadata.name}`);
  return slices
    .map((slice) => sliceSchema.parse(slice))
    .flatMap(({ ports, endpoints }) => {
      const wrong = (ports ?? []).filter(({ name, port }) => PORTS[name] !== port);
      if (wrong.length > 0) throw new Error(`${service.metadata.name} leads to ${JSON.stringify(wrong)}`);
      return (endpoints ?? []).filter(({ conditions }) => conditions.ready).map(({ targetRef }) => targetRef.name);
    })
    .toSorted();
}

/** What policy, budget and monitor mean is there. Answers how many resources the release has. */
export async function checkWhatIsStored(cluster: Cluster, namespace: string): Promise<number> {
  const resources = await cluster.list(namespace, KINDS, OF_RELEASE);
  for (const resource of resources) await (CHECKS[resource.kind] ?? (() => undefined))(cluster, namespace, resource);
  return resources.length;
}

type Check = (cluster: Cluster, namespace: string, resource: Resource) => Promise<void> | undefined;

const CHECKS: Readonly<Record<string, Check>> = {
  /** The controller has counted the pods that it protects. */
  PodDisruptionBudget: async (cluster, namespace, { metadata }) => {
    const schema = z.object({ status: z.object({ expectedPods: z.number(), currentHealthy: z.number() }) });
    await waitFor('the budget', async () => {
      const { length } = await cluster.list(namespace, 'pods', SERVING);
      const { status } = await cluster.get(namespace, 'poddisruptionbudget', metadata.name, schema);
      return status.expectedPods === length && status.currentHealthy === length;
    });
  },
  /** Its selector finds pods, and only of the release. */
  NetworkPolicy: async (cluster, namespace, resource) => {
    const { spec } = z
      .object({ spec: z.object({ podSelector: selectorSchema, policyTypes: z.array(z.string()) }) })
      .parse(resource);
    if (spec.policyTypes.join() !== 'Ingress,Egress') throw new Error(`a policy of ${spec.policyTypes.join()} alone`);
    const isOfTraining = resource.metadata.name.endsWith('-train');
    const found = await cluster.list(namespace, 'pods', textOf(spec.podSelector));
    if (found.length === 0 && !isOfTraining) throw new Error('the policy is for no pod');
  },
  /** It means one service, by a port that the service has. */
  ServiceMonitor: async (cluster, namespace, resource) => {
    const schema = z.object({
      spec: z.object({ selector: selectorSchema, endpoints: z.array(z.object({ port: z.string() })) }),
    });
    const { selector, endpoints } = schema.parse(resource).spec;
    const services = await cluster.list(namespace, 'services', textOf(selector));
    const ports = services.flatMap((service) =>
      z
        .object({ spec: z.object({ ports: z.array(z.object({ name: z.string() })) }) })
        .parse(service)
        .spec.ports.map(({ name }) => name),
    );
    if (services.length !== 1 || !ports.includes(endpoints[0]!.port))
      throw new Error(`a monitor of ${services.length} services`);
  },
  /** Its controller, which has no figures here, still holds the fewest pods. */
  HorizontalPodAutoscaler: async (cluster, namespace, resource) => {
    const schema = z.object({
      spec: z.object({ minReplicas: z.number(), scaleTargetRef: z.object({ name: z.string() }) }),
    });
    const { minReplicas, scaleTargetRef } = schema.parse(resource).spec;
    const target = z.object({ status: z.object({ readyReplicas: z.number().default(0) }) });
    await waitFor('the autoscaler', async () => {
      const { status } = await cluster.get(namespace, 'deployment', scaleTargetRef.name, target);
      return status.readyReplicas >= minReplicas;
    });
  },
};
