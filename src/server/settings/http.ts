import { text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

/** Settings of the HTTP entrance: the live page, metrics and probes. */
export const HTTP_SETTINGS = defineSettings({
  httpHost: {
    schema: text(),
    default: '127.0.0.1',
    flag: '--http-host <address>',
    env: 'ARISTARCH_HTTP_HOST',
    help: 'address of the live page, /metrics, /healthz and /readyz',
    group: 'HTTP',
  },
  httpPort: {
    schema: wholeNumber({ min: 0, max: 65_535 }),
    default: 8080,
    flag: '--http-port <port>',
    env: 'ARISTARCH_HTTP_PORT',
    help: 'port; 0 takes any free one',
    group: 'HTTP',
  },
});
