import { share, text, wholeNumber } from '../../base/setting-schemas.ts';
import { defineSettings } from '../../base/settings.ts';

/** Settings of the versions that are tried beside those that serve (serving.json); docs/models.md. */
export const CANDIDATE_SETTINGS = defineSettings({
  candidateTimeShare: {
    schema: share(),
    default: 0.2,
    flag: '--candidate-time-share <share>',
    env: 'ARISTARCH_CANDIDATE_TIME_SHARE',
    help: 'most of the time that goes into scoring rows a second time, by the other of the version that serves and its candidate',
    group: 'Models',
  },
  candidateQueueRows: {
    schema: wholeNumber({ min: 1 }),
    default: 8192,
    flag: '--candidate-queue-rows <count>',
    env: 'ARISTARCH_CANDIDATE_QUEUE_ROWS',
    help: 'most rows that wait to be scored a second time; what is more is left out, and counted',
    unit: 'rows',
    group: 'Models',
  },
  candidateTimeoutMs: {
    schema: wholeNumber({ min: 1, max: 2 ** 31 - 1 }),
    default: 10_000,
    flag: '--candidate-timeout-ms <ms>',
    env: 'ARISTARCH_CANDIDATE_TIMEOUT_MS',
    help: 'most time that a candidate has for an answer, and half of what the call has left at most; then the version that serves answers',
    unit: 'ms',
    group: 'Models',
  },
  candidateLog: {
    schema: text().optional(),
    flag: '--candidate-log <file>',
    env: 'ARISTARCH_CANDIDATE_LOG',
    help: 'file for the scores of rows that were scored by both, a JSON object a line: time, versions, key and scores, no record',
    group: 'Models',
  },
  candidateLogBytes: {
    schema: wholeNumber({ min: 1024 }),
    default: 64 * 1024 * 1024,
    flag: '--candidate-log-bytes <count>',
    env: 'ARISTARCH_CANDIDATE_LOG_BYTES',
    help: 'size at which that file becomes file.1, in the place of an earlier one',
    unit: 'bytes',
    group: 'Models',
  },
});
