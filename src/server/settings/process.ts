import { oneOf, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

/** Settings of the process itself. */
export const PROCESS_SETTINGS = defineSettings({
  workers: {
    schema: wholeNumber({ min: 1, max: 256 }),
    default: 1,
    flag: '--workers <count>',
    env: 'ARISTARCH_WORKERS',
    help: 'processes that share the gRPC port, each with the models open; more than one are replaced when they end, and one page, one /metrics and one log speak for all (docs/workers.md)',
    group: 'Process',
  },
  logLevel: {
    schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    flag: '--log-level <level>',
    env: 'ARISTARCH_LOG_LEVEL',
    help: 'least severity that is logged to standard error',
    group: 'Process',
  },
});
