import { AristarchError } from '../../base/errors.ts';

/** Longest name of a model or a version; folders of most file systems may have 255 bytes. */
const LONGEST = 128;
const NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${LONGEST - 1}}$`);

/** Whether a folder of this name can be a model or a version. No such name leads out of the folder that it is in. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Throws `INVALID_INPUT` for what cannot be a name; it is not looked for. */
export function checkName(what: 'model' | 'version', text: string): string {
  if (isName(text)) return text;
  const shown = JSON.stringify(text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}...`);
  const message = `${shown} cannot be the name of a ${what}: letters, digits, ".", "_" and "-", beginning with a letter or a digit, at most ${LONGEST}`;
  throw new AristarchError('INVALID_INPUT', message, { what });
}

const ORDER = new Intl.Collator('en', { numeric: true });

/** Versions in the order of people: 2 before 10, times by time. */
export function compareVersions(a: string, b: string): number {
  const order = ORDER.compare(a, b);
  // The collator takes some different texts for equal.
  return order !== 0 ? order : a < b ? -1 : a > b ? 1 : 0;
}
