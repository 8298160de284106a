import { availableParallelism, cpus } from 'node:os';
import { markdownTable } from '../../bench/support/documents.ts';
import type { Life } from './life.ts';
import { CHART } from '../helm/chart/files.ts';
import { fingerprintOf } from './fingerprint.ts';
import { MODULES } from './modules.ts';

/** A sentence that was shown, and how long that took. */
export interface Shown {
  readonly what: string;
  readonly seconds: number;
}

export interface CheckResult {
  /** Seconds until the control plane and its node were ready. */
  readonly ready: number;
  readonly lives: readonly Life[];
  readonly shown: readonly Shown[];
  /** Of everything. */
  readonly seconds: number;
}

/** What a fake node leaves open. */
const OPEN = `- Nothing runs in a pod: no image is pulled, no probe asks, no container starts or stops. \`npm run check:image\` serves from the image's files;
  the tests start the service itself, end it by a signal, and ask what the probes ask.
- No network: the API server keeps the NetworkPolicy, and nobody enforces it. No ingress controller, gateway, load balancer or DNS.
- No operators: the definitions of ServiceMonitor, PrometheusRule, ScaledObject and GRPCRoute are those that their projects publish, and what the chart makes is held
  against them; no operator acts on it. The alerts and dashboards are tested with a real Prometheus (\`docs/observability.md\`).
- No figures of load: the autoscaler's controller holds the fewest pods, and kubectl plays the part of its decisions.
- No volumes: claims are bound, and hold nothing. No GPU: the node claims to have some.
- Pods count after 1 s, and not after the chart's 30 s: nothing could end in between.
- One version of Kubernetes.`;

/** docs/cluster-check.md. */
export function describeCheck({ ready, lives, shown, seconds }: CheckResult): string {
  const names = lives[0]?.steps.map(({ name }) => name) ?? [];
  const rows = lives.map(({ values, helm, pods, resources, steps }) => [
    `\`ci/${values}.yaml\``,
    helm === 'helm3' ? '3' : '4',
    ...steps.map((step) => step.seconds.toFixed(1)),
    String(pods),
    String(resources),
  ]);
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, shared with other work`;
  const version = MODULES.kubernetes.replace(/^.*@/, '');
  return [
    '# The chart on a control plane',
    '',
    `Written by \`npm run check:cluster -- --write\` on ${machine}, in ${seconds.toFixed(0)} s. The control plane is Kubernetes ${version} itself (etcd, API server, controllers, scheduler;`,
    `ready in ${ready.toFixed(0)} s); its one node is a fake ([kwok](https://kwok.sigs.k8s.io)), on which pods are ready at once and nothing runs. Namespaces enforce the \`restricted\` pod security standard.`,
    '',
    `The chart's files had the fingerprint \`${fingerprintOf(CHART)}\`; a test holds it beside theirs.`,
    '',
    '## Installed, upgraded, rolled back, uninstalled',
    '',
    'Seconds of `helm upgrade --install --wait`, of an upgrade that changes a setting, of `helm rollback --wait` and `helm uninstall --wait`; Helm 3 and 4 side by side.',
    '',
    markdownTable(['values', 'Helm', ...names, 'pods', 'resources'], rows),
    '',
    'Each time the API server was asked, and it was so: all pods of the Deployment are admitted and ready; each Service leads to all of them, by the ports of the container; the',
    'PodDisruptionBudget counts them, and the NetworkPolicy selects them; a ServiceMonitor means one Service; the changed setting has another checksum, and a new ReplicaSet that holds',
    'all pods; the rollback takes the earlier ReplicaSet again; nothing is left after the uninstall but the claims that were there before.',
    '',
    '## Shown besides',
    '',
    markdownTable(
      ['what', 'seconds'],
      shown.map((row) => [row.what, row.seconds.toFixed(1)]),
    ),
    '',
    '## What a fake node cannot show',
    '',
    OPEN,
    '',
  ].join('\n');
}
