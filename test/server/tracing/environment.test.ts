import { afterEach, describe, expect, it } from '@jest/globals';
import { resolveServeConfig } from '../../../src/server/config.ts';
import { createClientFixture, dense } from '../../support/grpc-client.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { createCollectorFixture } from '../../support/trace-collector.ts';

const serve = createServeFixture();
const collect = createCollectorFixture();
const connect = createClientFixture();

const FOREIGN = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://user:hidden@collector:4317',
  OTEL_TRACES_SAMPLER: 'xray',
  OTEL_TRACES_SAMPLER_ARG: 'endpoint=http://localhost:2000',
};

describe('variables of OpenTelemetry', () => {
  it('that mean nothing here are passed over and told of; the same from a flag ends the start', () => {
    const told: string[] = [];
    const env = { ARISTARCH_MODEL: 'm', ...FOREIGN };
    const config = resolveServeConfig({ flags: {}, env, onPassedOver: (message) => told.push(message) });
    expect(config).toMatchObject({ traceSampler: 'parentbased_always_on', traceSamplerArg: 1 });
    expect(config.traceEndpoint).toBeUndefined();
    expect(told).toEqual([
      expect.stringMatching(/^OTEL_EXPORTER_OTLP_ENDPOINT cannot be .*\. It is passed over$/),
      expect.stringMatching(/^OTEL_TRACES_SAMPLER cannot be "xray" .*\. It is passed over$/),
      expect.stringMatching(/^OTEL_TRACES_SAMPLER_ARG cannot be .*\. It is passed over$/),
    ]);
    expect(told.join()).not.toContain('hidden');
    expect(() => resolveServeConfig({ flags: { traceSampler: 'xray' }, env: { ARISTARCH_MODEL: 'm' } })).toThrow(
      /--trace-sampler cannot be "xray"/,
    );
  });

  it('leave to the file what they do not say', () => {
    const file = { model: 'm', traceSampler: 'always_off' };
    expect(resolveServeConfig({ flags: {}, env: FOREIGN, file })).toMatchObject({ traceSampler: 'always_off' });
  });

  const before = process.env['OTEL_RESOURCE_ATTRIBUTES'];
  afterEach(() => {
    if (before === undefined) delete process.env['OTEL_RESOURCE_ATTRIBUTES'];
    else process.env['OTEL_RESOURCE_ATTRIBUTES'] = before;
  });

  it.each([
    [undefined, 'judge'],
    ['own', 'own'],
  ])('say what the service is called where the setting (%s) does not: %s', async (traceServiceName, expected) => {
    process.env['OTEL_RESOURCE_ATTRIBUTES'] = 'service.name=judge,deployment.environment=test';
    const collector = await collect();
    const serving = await serve({ settings: { traceEndpoint: collector.endpoint, traceServiceName } });
    await connect(serving.addresses.grpc).score(dense(1));
    await serving.stop();
    expect(collector.resources[0]).toMatchObject({ 'service.name': expected, 'deployment.environment': 'test' });
  });
});
