/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const NAME = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' };
const KEY = { type: 'string', pattern: '^[-._a-zA-Z0-9]*$' };
const QUANTITY = { type: ['string', 'number'] };
const QUANTITIES = { type: 'object', additionalProperties: QUANTITY };
const RESOURCES = {
  type: 'object',
  additionalProperties: false,
  properties: { requests: QUANTITIES, limits: QUANTITIES },
};
const TEXTS = { type: 'object', additionalProperties: { type: 'string' } };
const LIST_OF_TEXTS = { type: 'array', items: { type: 'string', minLength: 1 } };
/** Kubernetes' own types, which its API checks. */
const OBJECTS = { type: 'array', items: { type: 'object' } };
const OBJECT = { type: 'object' };
/** Environment of a container, whose values are texts: a number there is refused by the cluster. */
const ENVIRONMENT = {
  type: 'array',
  items: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string', minLength: 1 }, value: { type: 'string' } },
  },
};
const COUNT = { type: 'integer', minimum: 1 };
const NOT_NEGATIVE = { type: 'integer', minimum: 0 };
const PORT = { type: 'integer', minimum: 1, maximum: 65_535 };
const POLICY = { enum: ['IfNotPresent', 'Always', 'Never'] };
/** With a tag or a digest. */
const REFERENCE = {
  type: 'string',
  pattern: '^(|[^\\s@]+:[A-Za-z0-9_][-.A-Za-z0-9_]*|[^\\s@]+@sha256:[0-9a-f]{64})$',
};

/**
 * What a value may be beyond the type of its default; a row is needed for each empty map and list, whose content the default
 * does not show.
 */
export const SCHEMA_RULES: Readonly<Record<string, JsonSchema>> = {
  // What is longer would be cut: names made of it keep to the 63 characters of a label.
  nameOverride: { ...NAME, maxLength: 40 },
  fullnameOverride: { ...NAME, maxLength: 40 },
  replicas: NOT_NEGATIVE,
  /** Without a tag: a colon is the port's alone, before a slash. */
  'image.repository': { type: 'string', pattern: '^([^\\s@:/]+:[0-9]+/)?[^\\s@:]+$' },
  'image.tag': { type: 'string', pattern: '^[-._A-Za-z0-9]*$' },
  'image.digest': { type: 'string', pattern: '^(|sha256:[0-9a-f]{64})$' },
  'image.pullPolicy': POLICY,
  imagePullSecrets: OBJECTS,
  'model.source': { enum: ['', 'pvc', 'image', 'fetch'] },
  'model.pvc.claimName': { type: 'string' },
  'model.image.reference': REFERENCE,
  'model.image.method': { enum: ['copy', 'volume'] },
  'model.image.pullPolicy': POLICY,
  'model.fetch.from': { type: 'string', pattern: '^(|(s3|https?)://[^\\s]+)$' },
  'model.fetch.everySeconds': NOT_NEGATIVE,
  'model.fetch.image': REFERENCE,
  'model.fetch.command': LIST_OF_TEXTS,
  'model.fetch.args': LIST_OF_TEXTS,
  'model.fetch.env': ENVIRONMENT,
  'model.fetch.resources': RESOURCES,
  'model.sizeLimit': QUANTITY,
  'kafka.passwordKey': KEY,
  'kafka.caKey': KEY,
  'kafka.certKey': KEY,
  'kafka.keyKey': KEY,
  'schemaRegistry.passwordKey': KEY,
  'tls.certKey': KEY,
  'tls.keyKey': KEY,
  'tls.clientCaKey': KEY,
  'tokens.key': KEY,
  'trustedKeys.keys': { type: 'array', items: KEY },
  'gpu.count': COUNT,
  'resources.requests': QUANTITIES,
  'resources.limits': QUANTITIES,
  'training.resources.requests': QUANTITIES,
  'training.resources.limits': QUANTITIES,
  'tmp.sizeMi': COUNT,
  'shutdown.preStopSeconds': COUNT,
  'shutdown.drainSeconds': NOT_NEGATIVE,
  'shutdown.marginSeconds': COUNT,
  'probes.readiness': { enum: ['auto', 'grpc', 'http'] },
  'probes.periodSeconds': COUNT,
  'probes.timeoutSeconds': COUNT,
  'probes.failureThreshold': COUNT,
  'probes.startupSeconds': COUNT,
  'service.type': { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'service.grpcPort': PORT,
  'service.httpPort': PORT,
  'service.annotations': TEXTS,
  'serviceAccount.annotations': TEXTS,
  'ingress.port': { enum: ['grpc', 'http'] },
  'ingress.annotations': TEXTS,
  'ingress.hosts': LIST_OF_TEXTS,
  'ingress.tls': OBJECTS,
  'grpcRoute.parentRefs': OBJECTS,
  'grpcRoute.hostnames': LIST_OF_TEXTS,
  'podDisruptionBudget.maxUnavailable': { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+%$' },
  'topologySpread.keys': LIST_OF_TEXTS,
  'topologySpread.whenUnsatisfiable': { enum: ['ScheduleAnyway', 'DoNotSchedule'] },
  'networkPolicy.grpcFrom': OBJECTS,
  'networkPolicy.ingressFrom': OBJECTS,
  'networkPolicy.gatewayFrom': OBJECTS,
  'networkPolicy.httpFrom': OBJECTS,
  'networkPolicy.dns.to': OBJECTS,
  'networkPolicy.dns.ports': { type: 'array', minItems: 1, items: PORT },
  'networkPolicy.kafkaTo': OBJECTS,
  'networkPolicy.kafkaPorts': { type: 'array', items: PORT },
  'networkPolicy.egress': OBJECTS,
  'autoscaling.hpa.minReplicas': COUNT,
  'autoscaling.hpa.maxReplicas': COUNT,
  'autoscaling.hpa.targetCpuPercent': COUNT,
  'autoscaling.hpa.metrics': OBJECTS,
  'autoscaling.hpa.behavior': OBJECT,
  'autoscaling.keda.minReplicas': NOT_NEGATIVE,
  'autoscaling.keda.maxReplicas': COUNT,
  'autoscaling.keda.lagThreshold': COUNT,
  'autoscaling.keda.metadata': TEXTS,
  'monitoring.serviceMonitor.interval': { type: 'string', pattern: '^[0-9]+(ms|s|m)$' },
  'monitoring.serviceMonitor.labels': TEXTS,
  // Matchers of PromQL, one after the other.
  'monitoring.alerts.selector': {
    type: 'string',
    pattern:
      '^(|[A-Za-z_][A-Za-z0-9_]*(=|!=|=~|!~)"[^"\\\\\\n]*"(,[A-Za-z_][A-Za-z0-9_]*(=|!=|=~|!~)"[^"\\\\\\n]*")*)$',
  },
  'monitoring.alerts.runbooksUrl': { type: 'string', pattern: '^(|https?://[^\\s\'"]+)$' },
  'monitoring.alerts.labels': TEXTS,
  'monitoring.dashboards.labels': TEXTS,
  'monitoring.dashboards.annotations': TEXTS,
  'training.kind': { enum: ['Job', 'CronJob'] },
  'training.modelName': { type: 'string', pattern: '^([A-Za-z0-9][-._A-Za-z0-9]{0,127})?$' },
  'training.env': ENVIRONMENT,
  'training.keepVersions': NOT_NEGATIVE,
  'training.deadlineSeconds': COUNT,
  'training.backoffLimit': NOT_NEGATIVE,
  env: ENVIRONMENT,
  volumes: OBJECTS,
  volumeMounts: OBJECTS,
  podLabels: TEXTS,
  podAnnotations: TEXTS,
  userId: COUNT,
  nodeSelector: TEXTS,
  tolerations: OBJECTS,
  affinity: OBJECT,
  strategy: OBJECT,
  minReadySeconds: NOT_NEGATIVE,
  revisionHistoryLimit: NOT_NEGATIVE,
};

/**
 * Values that may be null though their default is not empty: the field is left out, and Kubernetes (or KEDA, or the Prometheus Operator) has a default of
 * its own; what is off stays off; and a part of the chart that is empty by default may be away as a whole.
 */
export const OPTIONAL_VALUES: readonly string[] = [
  ...['image.pullPolicy', 'model.image.pullPolicy', 'model.sizeLimit', 'tmp.sizeMi'],
  ...['replicas', 'userId', 'minReadySeconds', 'revisionHistoryLimit', 'serviceAccount.automountToken'],
  ...['probes.timeoutSeconds', 'probes.failureThreshold', 'topologySpread.whenUnsatisfiable'],
  ...['autoscaling.keda.pollingSeconds', 'autoscaling.keda.cooldownSeconds'],
  ...['monitoring.serviceMonitor.interval', 'monitoring.dashboards.labels'],
  ...['training.deadlineSeconds', 'training.backoffLimit', 'training.keepVersions', 'model.fetch.everySeconds'],
  ...['model.pvc.readWriteOnce', 'grpcRoute.backendTls'],
  ...['ingress', 'grpcRoute', 'training'].map((name) => `${name}.enabled`),
  ...['hpa', 'keda'].map((name) => `autoscaling.${name}.enabled`),
  ...['serviceMonitor', 'alerts', 'dashboards'].map((name) => `monitoring.${name}.enabled`),
  ...['kafka', 'schemaRegistry'],
];
