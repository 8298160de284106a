import { types } from 'node:util';
import { AristarchError, type ErrorCode, messageOf, toAristarchError } from './errors.ts';

interface Remedy {
  readonly code: ErrorCode;
  readonly text: string;
}

const RIGHTS: Remedy = {
  code: 'PRECONDITION_FAILED',
  text: 'this user may not do that: see to its rights, or choose another place',
};
const SPACE: Remedy = { code: 'PRECONDITION_FAILED', text: 'make room there, or choose another place' };
const FILES: Remedy = { code: 'RESOURCE_EXHAUSTED', text: 'raise the limit of open files (ulimit -n)' };

/** What a machine may refuse to any of its processes, and what its operator can do. */
const REMEDIES: Readonly<Record<string, Remedy>> = {
  ENOSPC: SPACE,
  EDQUOT: SPACE,
  EFBIG: { code: 'PRECONDITION_FAILED', text: 'raise the largest size of a file (ulimit -f)' },
  EROFS: { code: 'PRECONDITION_FAILED', text: 'choose a place that can be written' },
  EACCES: RIGHTS,
  EPERM: RIGHTS,
  EIO: { code: 'PRECONDITION_FAILED', text: 'see what the system log says of this device' },
  EMFILE: FILES,
  ENFILE: FILES,
};

/**
 * Any thrown value for whoever runs a command: a full disk or a missing right is theirs to mend, wherever it was met. Callers of the
 * service are not told of its disks; for them it is a fault of ours (`toAristarchError`).
 */
export function toOperatorError(thrown: unknown): AristarchError {
  const remedy = readRemedy(thrown);
  if (remedy === undefined) return toAristarchError(thrown);
  return new AristarchError(remedy.code, `${messageOf(thrown)}: ${remedy.text}`, {}, thrown);
}

/** Whether the machine itself refused something that its operator can mend. */
export const isSystemFault = (thrown: unknown): boolean => readRemedy(thrown) !== undefined;

/** Errors of the system name what was called; an `EACCES` that somebody else made up does not. */
function readRemedy(thrown: unknown): Remedy | undefined {
  if (!types.isNativeError(thrown) || !('syscall' in thrown) || !('code' in thrown)) return undefined;
  const code = String(thrown.code);
  return Object.hasOwn(REMEDIES, code) ? REMEDIES[code] : undefined;
}
