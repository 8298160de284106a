/** Everything that the chart makes in a namespace. */
export const KINDS =
  'deployments,services,serviceaccounts,configmaps,jobs,cronjobs,ingresses,networkpolicies,poddisruptionbudgets,' +
  'horizontalpodautoscalers,servicemonitors,prometheusrules,scaledobjects,grpcroutes';

export const RELEASE = 'scores';
export const OF_RELEASE = `app.kubernetes.io/instance=${RELEASE}`;

/** Where a release is, and how a command of Helm waits for it. */
export const flagsOf = (namespace: string): string[] => ['--namespace', namespace, '--wait', '--timeout', '900s'];

/** Pods of a fake node are ready at once, and nothing ends there: waiting for them shows nothing. */
export const AT_ONCE = ['--set', 'minReadySeconds=1'] as const;
