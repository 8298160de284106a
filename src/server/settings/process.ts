import { oneOf } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

/** Settings of the process itself. */
export const PROCESS_SETTINGS = defineSettings({
  logLevel: {
    schema: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    flag: '--log-level <level>',
    env: 'ARISTARCH_LOG_LEVEL',
    help: 'least severity that is logged to standard error',
    group: 'Process',
  },
});
