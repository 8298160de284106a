import { expect, it } from '@jest/globals';
import { OPTIONAL_VALUES } from '../../deploy/helm/chart/schema-rules.ts';
import { renderText, type Ran, valuesFile } from '../support/chart.ts';
import { needs } from '../support/needs.ts';

const refuse = (...set: readonly string[]): Ran => renderText({ values: [valuesFile('pvc')], set });

const TOPICS = 'config={"kafkaBrokers": ["k:9092"], "topicIn": "a", "topicOut": "b", "deadLetter": "c"}';
const TRAINING = 'training={"enabled": true, "modelName": "p", "claimName": "models"}';

const TRAINING_OF_ROWS = `${TRAINING.slice(0, -1)}, "config": {"data": "/d"}}`;

const helm = needs('tool:helm3');

helm.describe('the chart refuses, and says what to do,', () => {
  it.each<[string, readonly string[], RegExp]>([
    [
      'hpa and KEDA together',
      ['autoscaling={"hpa": {"enabled": true}, "keda": {"enabled": true}}'],
      /exclude each other/,
    ],
    ['KEDA without Kafka', ['autoscaling.keda.enabled=true'], /set config.kafkaBrokers/],
    ['a gRPC probe with TLS', ['tls.existingSecret="t"', 'probes.readiness="grpc"'], /speak no TLS/],
    ['HTTPS without a certificate', ['tls.http=true'], /set tls.existingSecret/],
    ['no model', ['model.source=""'], /model.source is missing/],
    ['a fetched model from nowhere', ['model.source="fetch"'], /set model.fetch.from/],
    ['training to nowhere', ['training.enabled=true'], /training.claimName/],
    ['a misspelt value', ['replicass=2'], /additional properties 'replicass' not allowed/],
    ['a setting that there is not', ['config.grpcport=1'], /additional properties 'grpcport' not allowed/],
    ['a tag in the repository', ['image.repository="reg/aristarch:latest"'], /image\/repository/],
    [
      'more pods at least than at most',
      ['autoscaling.hpa={"enabled": true, "minReplicas": 9, "maxReplicas": 3}'],
      /raise maxRep/,
    ],
    [
      'two ways of upgrading',
      ['model.pvc.readWriteOnce=true', 'replicas=1', 'strategy.type="RollingUpdate"'],
      /leave strategy empty/,
    ],
    ['a claim of one node for two pods', ['model.pvc.readWriteOnce=true'], /set replicas to 1/],

    ['the tag latest', ['image.tag="latest"'], /name a version, or a digest/],
    ['a model of the tag latest', ['model.image.reference="m/p:latest"'], /model.image.reference is the tag latest/],
    ['brokers in the environment', ['env=[{"name": "ARISTARCH_KAFKA_BROKERS"}]'], /set config.kafkaBrokers/],
    ['a label of the chart', ['podLabels={"app.kubernetes.io/name": "mine"}'], /which the chart sets itself/],
    ['a topic for KEDA alone', ['autoscaling.keda.metadata={"topic": "other"}'], /holds topic, which the chart sets/],
    ['a path out of the volume', ['model.path="../etc"'], /model.path is ..\/etc, which leads out of the volume/],
    ['brokers without topics', ['config.kafkaBrokers=["kafka:9092"]'], /config.kafkaBrokers without config.topicIn/],
    ['topics without brokers', ['config.topicIn="a"'], /config.topicIn without config.kafkaBrokers/],
    ['a topic that feeds on itself', [TOPICS, 'config.topicOut="a"'], /config.topicOut is a, .* must differ/],
    ['a broker without its port', [TOPICS, 'config.kafkaBrokers=["kafka"]'], /names kafka: name a host and its port/],
    ['a broker by a URL', [TOPICS, 'config.kafkaBrokers=["http://k:1"]'], /names http:.* name a host and its port/],
    [
      'a user without a password',
      [TOPICS, 'config.kafkaSaslUser="u"'],
      /set kafka.existingSecret and kafka.passwordKey/,
    ],
    ['a password of no secret', [TOPICS, 'kafka.passwordKey="p"'], /set kafka.existingSecret/],
    ['a certificate without key', ['kafka={"existingSecret": "s", "certKey": "c"}'], /belong together/],
    ['Avro without a registry', [TOPICS, 'config.kafkaFormat="avro"'], /set config.schemaRegistry/],
    ['half of what tokens need', ['config.jwks="/keys"'], /belong together/],
    ['administrators without certificates', ['config.tlsAdminNames=["a"]'], /set tls.clientCaKey/],
    ['keys of no secret', ['trustedKeys.keys=["a.pem"]'], /any model would be served/],
    ['a default of one model', ['config.defaultModel="pumps"'], /set model.many as well/],
    [
      'a fraction beyond its bounds',
      ['config.falsePositiveRate="1.5"'],
      /"1.5": a number, more than 0 and less than 1/,
    ],
    [
      'a fraction of a whole number',
      ['config.threads="1.5"'],
      /a whole number, at least 1 and at most 1024, is needed/,
    ],
    ['a part of a list', [TRAINING, 'training.config={"data": "/d", "hidden": "64,0"}'], /hidden cannot be "0"/],
    ['training without rows', [TRAINING], /set training.config.data/],
    [
      'a setting of another family',
      [TRAINING, 'training.config={"data": "/d", "imageSize": 64}'],
      /another family than wgan-gp/,
    ],
    ['a preset that there is not', [TRAINING, 'training.config={"data": "/d", "preset": "x"}'], /preset is x, and/],
    ['a share of no request', ['autoscaling.hpa.enabled=true', 'resources=null'], /set resources.requests.cpu/],
    ['more than a bound of seven digits', ['config.kafkaMaxBatchEvents="99999999"'], /at least 1 and at most 1000000,/],
  ])('%s', (_what, set, message) => {
    const { status, text } = refuse(...set);
    expect(status).toBe(1);
    expect(text).toMatch(message);
  });

  it('and takes what is whole', () => {
    const training = `${TRAINING.slice(0, -1)}, "config": {"data": "/d", "hidden": "64,64", "learningRate": "1e-3"}}`;
    expect(refuse(TOPICS, training, 'config.falsePositiveRate="1e-3"', 'config.threads="2"').text).toContain('"2"');
  });

  it('and takes words and addresses as the service does, and tells KEDA of them', () => {
    const addresses = [
      'config.traceEndpoint="HTTP://otel:4318/"',
      'config.jwks="keys/a:b.json"',
      'config.jwtIssuer="i"',
      'config.jwtAudience="a"',
    ];
    const { status, text } = refuse(...addresses, TOPICS, 'config.kafkaTls="Enabled"', 'autoscaling.keda.enabled=true');
    expect([status, text]).toEqual([0, expect.stringMatching(/^ +tls: enable$/m)]);
  });

  // Policies of a namespace add up, and the chart sees its own alone: NOTES.txt says what is stopped by it.
  it.each([
    ['a Prometheus', ['monitoring.serviceMonitor.enabled=true', 'networkPolicy.httpFrom=[]']],
    ['traces', ['config.traceEndpoint="http://otel:4318"']],
    ['a registry', ['config.schemaRegistry="http://registry:8081"']],
    ['models', ['model={"source": "fetch", "fetch": {"from": "s3://models/pumps"}}']],
    ['keys', ['config={"jwks": "https://idp/keys", "jwtIssuer": "i", "jwtAudience": "a"}']],
  ])('but not %s that another NetworkPolicy may let through', (_what, set) => {
    expect(refuse(...set)).toMatchObject({ status: 0 });
  });
});

helm.describe('values that are given as null', () => {
  it('mean none wherever the schema lets them be away', () => {
    const away = [
      'nameOverride',
      'image.tag',
      'image.digest',
      'imagePullSecrets',
      'model.path',
      'model.image.reference',
    ];
    const secrets = ['kafka', 'schemaRegistry', 'tls', 'tokens', 'trustedKeys'].map((name) => `${name}.existingSecret`);
    const texts = ['kafka.passwordKey', 'kafka.caKey', 'tls.clientCaKey', 'trustedKeys.keys', 'ingress.className'];
    const lists = ['networkPolicy.grpcFrom', 'networkPolicy.httpFrom', 'networkPolicy.egress', 'topologySpread.keys'];
    const pods = ['podLabels', 'podAnnotations', 'nodeSelector', 'tolerations', 'affinity', 'priorityClassName', 'env'];
    const more = ['volumes', 'volumeMounts', 'strategy', 'resources', 'training.resources', 'model.fetch.resources'];
    const all = [
      ...OPTIONAL_VALUES,
      ...away,
      ...secrets,
      ...texts,
      ...lists,
      ...pods,
      ...more,
      'serviceAccount.name',
      'training.path',
    ];
    // Not what is inside another one of them: to name it would bring that back.
    const outer = all.filter((path) => !all.some((other) => path.startsWith(`${other}.`)));
    const { status, text } = refuse(...outer.map((path) => `${path}=null`));
    expect([status, text]).toEqual([0, expect.not.stringMatching(/: null|<nil>|%!/)]);
  });

  it.each(OPTIONAL_VALUES)('may be %s alone', (path) => {
    expect(refuse(`${path}=null`)).toMatchObject({ status: 0 });
  });

  it('leave the user to the platform', () => {
    expect(refuse().text).toMatch(/runAsUser: 10001/);
    const { status, text } = refuse(TRAINING_OF_ROWS, 'userId=null');
    expect([status, text]).toEqual([0, expect.not.stringMatching(/runAsUser|runAsGroup|fsGroup:/)]);
    expect(text).toContain('runAsNonRoot: true');
  });
});
