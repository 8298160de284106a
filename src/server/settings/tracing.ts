import { httpAddress, oneOf, realNumber, text } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';
import { SAMPLERS } from '../tracing/port.ts';

/**
 * Settings of traces; docs/tracing.md. Flags for the environment variables of OpenTelemetry's own specification, which mean here
 * what they mean there.
 */
export const TRACING_SETTINGS = defineSettings({
  traceEndpoint: {
    schema: httpAddress().optional(),
    flag: '--trace-endpoint <url>',
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    isForeign: true,
    help: 'collector that traces are sent to by OTLP over HTTP, without /v1/traces (http://localhost:4318); nothing is traced without it',
    group: 'Traces',
  },
  traceServiceName: {
    schema: text().optional(),
    flag: '--trace-service-name <name>',
    env: 'OTEL_SERVICE_NAME',
    isForeign: true,
    help: 'name of this service in traces; service.name of OTEL_RESOURCE_ATTRIBUTES without it, else aristarch',
    group: 'Traces',
  },
  traceSampler: {
    schema: oneOf(SAMPLERS),
    default: 'parentbased_always_on',
    flag: '--trace-sampler <name>',
    env: 'OTEL_TRACES_SAMPLER',
    isForeign: true,
    help: `which calls and batches are traced: ${SAMPLERS.join(', ')}; parentbased: whoever calls decides, the rest says for those who do not`,
    source: 'the default of the OpenTelemetry specification',
    group: 'Traces',
  },
  traceSamplerArg: {
    schema: realNumber({ min: 0, max: 1 }),
    default: 1,
    flag: '--trace-sampler-arg <share>',
    env: 'OTEL_TRACES_SAMPLER_ARG',
    isForeign: true,
    help: 'share of traces that are kept, of samplers with traceidratio',
    group: 'Traces',
  },
});
