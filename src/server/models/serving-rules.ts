import { readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { z } from 'zod';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { isMissing } from '../../base/files.ts';
import { isName } from './names.ts';

/** Beside a model's versions: which of them answers, and what is tried beside it. */
export const SERVING_FILE = 'serving.json';

const name = z.string().refine(isName, {
  error: 'must be a name: letters, digits, ".", "_" and "-", beginning with a letter or a digit',
});
const share = z.number().min(0).max(1).default(0);

const candidateSchema = z
  .strictObject({
    /** Another model; the same one when absent. */
    model: name.optional(),
    /** What serves there when absent. */
    version: name.optional(),
    /** Share of the records that it answers. */
    canary: share,
    /** Share of the records that it scores besides, without anybody's being told. */
    shadow: share,
    /** Field of a record whose value stays on one side; the sender's own key when absent. */
    key: z.string().min(1).optional(),
  })
  .refine(({ model, version }) => (model ?? version) !== undefined, {
    error: 'names neither a version nor another model',
  });

const rulesSchema = z.strictObject({
  /** The version that answers requests which name none; the newest that can be served when absent. */
  version: name.optional(),
  candidate: candidateSchema.optional(),
});

export type CandidateRule = z.output<typeof candidateSchema>;
export type ServingRules = z.output<typeof rulesSchema>;

export const NO_RULES: ServingRules = {};

/** Throws `PRECONDITION_FAILED` that says what is wrong with a model's serving.json; an empty text is no rules. */
export function parseServingRules(model: string, { text, unreadable }: ServingText): ServingRules {
  const refuse = (why: string): never => {
    const message = `${model}/${SERVING_FILE} cannot be used: ${why}; docs/models.md says what may stand there`;
    throw new AristarchError('PRECONDITION_FAILED', message, { model });
  };
  if (unreadable !== '') return refuse(`it cannot be read (${unreadable})`);
  if (text === '') return NO_RULES;
  const parsed = rulesSchema.safeParse(parseJson(text, refuse));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  return refuse(path.length === 0 ? message : `"${path.join('.')}" ${message}`);
}

function parseJson(text: string, refuse: (why: string) => never): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    return refuse(`it is not JSON (${messageOf(thrown)})`);
  }
}

/** A model's serving.json as it was read. */
export interface ServingText {
  /** Empty where there is none, or where it is a link that leaves the repository. */
  readonly text: string;
  /** Why it could not be read; empty where it could. */
  readonly unreadable: string;
}

export async function readServingText(home: string, model: string): Promise<ServingText> {
  try {
    const path = await realpath(join(home, model, SERVING_FILE));
    return { text: path.startsWith(home + sep) ? await readFile(path, 'utf8') : '', unreadable: '' };
  } catch (error) {
    const isNone = isMissing(error) || messageOf(error).includes('ENOTDIR');
    return { text: '', unreadable: isNone ? '' : messageOf(error) };
  }
}
