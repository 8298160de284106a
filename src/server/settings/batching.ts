import { realNumber, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

/** Settings of how callers are scored together; docs/decisions/0016. */
export const BATCHING_SETTINGS = defineSettings({
  maxBatchRows: {
    schema: wholeNumber({ min: 1, max: 65_536 }),
    default: 512,
    flag: '--max-batch-rows <count>',
    env: 'ARISTARCH_MAX_BATCH_ROWS',
    help: 'most rows of one inference, of all callers together; nothing else is done while it runs',
    unit: 'rows',
    source: 'a few milliseconds of a default critic, past the size at which more rows run faster per row',
    group: 'Batching',
  },
  maxBatchDelayMs: {
    schema: realNumber({ min: 0, max: 1000 }),
    default: 0,
    flag: '--max-batch-delay-ms <ms>',
    env: 'ARISTARCH_MAX_BATCH_DELAY_MS',
    help: 'how long a caller waits at most, from when it came, for others to be scored with, while several were there within the last second; one that comes alone never waits. With 0, only those that come while an inference runs are gathered',
    unit: 'ms',
    group: 'Batching',
  },
  maxQueueRows: {
    schema: wholeNumber({ min: 1 }),
    default: 131_072,
    flag: '--max-queue-rows <count>',
    env: 'ARISTARCH_MAX_QUEUE_ROWS',
    help: 'most rows that wait for an inference, of one priority and those above it (rows of a lower one keep no higher one out); what would be more is refused at once with RESOURCE_EXHAUSTED',
    unit: 'rows',
    source: 'twice --max-rows',
    group: 'Batching',
  },
});
