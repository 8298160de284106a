import { AristarchError } from '../../../base/errors.ts';
import type { FieldKind } from '../../../models/features/schema.ts';
import type { DetectorDescription, RawRecord, ScoreBatch } from '../../../scoring/detector.ts';
import { groupOfRow } from '../../../scoring/group-calibration.ts';
import type { ScoreJob, ScoreOutcome } from '../../scoring-service.ts';
import { checkText, type TextLimits } from '../text-limits.ts';
import type { WireInferRequest, WireInferResponse, WireInput, WireModelMetadata, WireParameter } from './contract.ts';
import { tallyLimits, tooMany } from '../tally.ts';
import { countValues, type OutputValues, readTensor, toContents, toRaw } from './tensors.ts';

/** An input of this name that is the only one, with two dimensions, has packed raw rows. */
const PACKED = 'rows';
/** `amount:missing` says, as BOOL, where the values of `amount` are missing: not every type can say so by itself. */
const MISSING = ':missing';
/** Name of the parameter with the share of normal rows that may be flagged. */
const RATE = 'false_positive_rate';

export interface RowLimits {
  readonly maxRows: number;
}

/** The one way from a request's message to a job. Throws `INVALID_INPUT`, `RESOURCE_EXHAUSTED` for more rows or values than there may be. */
export function fromInferRequest(
  request: WireInferRequest,
  { maxTextBytes, maxRows }: TextLimits & RowLimits,
): Omit<ScoreJob, 'transport'> {
  const { modelName: model, modelVersion, parameters } = request;
  const checkValue = (value: unknown): void => {
    if (typeof value === 'string') checkText(value, () => 'a value', maxTextBytes);
  };
  const falsePositiveRate = readRate(parameters[RATE]);
  return {
    model,
    modelVersion,
    ...readRows(request, maxRows, checkValue),
    ...(falsePositiveRate !== undefined && { falsePositiveRate }),
  };
}

function readRate(parameter: WireParameter | undefined): number | undefined {
  if (parameter === undefined) return undefined;
  // Older clients have no parameters of type double.
  const rate = parameter.doubleParam ?? Number(parameter.stringParam ?? NaN);
  if (rate > 0 && rate < 1) return rate;
  throw new AristarchError('INVALID_INPUT', `parameter "${RATE}" must be a double in (0, 1), or the text of one`);
}

function readRows(
  { inputs, rawInputContents }: WireInferRequest,
  maxRows: number,
  checkValue: (value: unknown) => void,
): Pick<ScoreJob, 'rows' | 'width'> {
  const isRaw = rawInputContents.length > 0;
  if (inputs.length === 0)
    throw new AristarchError('INVALID_INPUT', 'the request has no inputs; ModelMetadata lists them');
  if (isRaw && rawInputContents.length !== inputs.length) {
    const message = `the request has ${inputs.length} inputs and ${rawInputContents.length} raw contents: send one for each`;
    throw new AristarchError('INVALID_INPUT', message);
  }
  checkOnce('input', inputs);
  checkMissing(inputs);
  const width = checkShapes(inputs, maxRows);
  const tensors = inputs.map((input, place) => ({
    name: input.name,
    values: readTensor(input, isRaw ? rawInputContents[place] : undefined),
  }));
  for (const { values } of tensors) values.forEach(checkValue);
  const [first] = tensors;
  if (width !== undefined) return { rows: Float32Array.from(first!.values as readonly number[]), width };
  return { rows: toRecords(tensors) };
}

/**
 * Before a value is read, of which a small message may have millions: that there are not too many rows, and that all inputs have the
 * first one's. Answers the width of a row, where the only input has packed rows.
 */
function checkShapes(inputs: readonly WireInput[], maxRows: number): number | undefined {
  const limits = tallyLimits(maxRows, '--max-rows');
  const [first] = inputs;
  const { name, shape, datatype } = first!;
  const isPacked = inputs.length === 1 && name === PACKED && shape.length === 2 && datatype === 'FP32';
  const values = countValues(first!);
  const rows = isPacked ? shape[0]! : values;
  if (rows > maxRows) throw tooMany('rows', limits);
  if (isPacked) return shape[1]!;
  for (const input of inputs) {
    if (countValues(input) === rows && input.shape.slice(1).every((length) => length === 1)) continue;
    const message = `input ${JSON.stringify(input.name.slice(0, 100))} has the shape [${input.shape.join(', ')}], and the first input has ${rows} rows: send [${rows}] or [${rows}, 1]`;
    throw new AristarchError('INVALID_INPUT', message);
  }
  if (rows * inputs.length > limits.values) throw tooMany('values', limits);
  return undefined;
}

/** What another type says of a value, or says it of no input, would be passed over, and a row scored by what stands in its place. */
function checkMissing(inputs: readonly WireInput[]): void {
  const names = new Set(inputs.map(({ name }) => name));
  const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));
  for (const { name, datatype } of inputs) {
    if (!name.endsWith(MISSING)) continue;
    const of = name.slice(0, -MISSING.length);
    const fault =
      datatype !== 'BOOL'
        ? `is of type ${quoted(datatype)}: send BOOL, true for each row whose value is missing`
        : names.has(of)
          ? undefined
          : `says which values of the input ${quoted(of)} are missing, and there is no such input: send that too, or name one that is there`;
    if (fault !== undefined) throw new AristarchError('INVALID_INPUT', `the input ${quoted(name)} ${fault}`);
  }
}

interface Tensor {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** One tensor for each field, with a value for each row. */
function toRecords(tensors: readonly Tensor[]): RawRecord[] {
  const rows = tensors[0]!.values.length;
  const missing = new Map(
    tensors.filter(({ name }) => name.endsWith(MISSING)).map(({ name, values }) => [name, values]),
  );
  const fields = tensors.filter(({ name }) => !missing.has(name));
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      fields.map(({ name, values }) => [name, missing.get(name + MISSING)?.[row] === true ? null : values[row]]),
    ),
  );
}

const DATATYPES: { readonly [K in FieldKind | 'image']: string } = {
  number: 'FP32',
  boolean: 'BOOL',
  category: 'BYTES',
  timestamp: 'INT64',
  image: 'BYTES',
};

type Output = (batch: ScoreBatch) => OutputValues;

/** What a model answers for each row. */
const OUTPUTS = {
  score: ({ scores }) => ({ datatype: 'FP32', values: scores }),
  p_value: ({ pValues }) => ({ datatype: 'FP64', values: pValues }),
  anomalous: ({ verdicts }) => ({ datatype: 'BOOL', values: Array.from(verdicts, (verdict) => verdict === 1) }),
  threshold: ({ scores, groups, threshold }) => ({
    datatype: 'FP64',
    values: Array.from(scores, (_, row) => (groups ? groupOfRow(groups, row).threshold : threshold)),
  }),
  group: ({ scores, groups }) => ({
    datatype: 'BYTES',
    values: Array.from(scores, (_, row) => (groups ? groupOfRow(groups, row).group : '')),
  }),
} as const satisfies Readonly<Record<string, Output>>;
type OutputName = keyof typeof OUTPUTS;

const OUTPUT_TYPES: { readonly [N in OutputName]: string } = {
  score: 'FP32',
  p_value: 'FP64',
  anomalous: 'BOOL',
  threshold: 'FP64',
  group: 'BYTES',
};
const OUTPUT_NAMES = Object.keys(OUTPUTS) as OutputName[];

/** Names of the outputs that were asked for; all of them where none was. Throws `INVALID_INPUT` for others, and for one twice: of a few bytes each would become a whole tensor. */
export function checkOutputs({ outputs }: WireInferRequest): readonly OutputName[] {
  if (outputs.length === 0) return OUTPUT_NAMES;
  checkOnce('output', outputs);
  return outputs.map(({ name }) => {
    const known = OUTPUT_NAMES.find((output) => output === name);
    if (known !== undefined) return known;
    const message = `there is no output ${JSON.stringify(name.slice(0, 100))}: ask for ${OUTPUT_NAMES.join(', ')}`;
    throw new AristarchError('INVALID_INPUT', message);
  });
}

/** Which of two of one name is meant nobody knows. */
function checkOnce(what: 'input' | 'output', tensors: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (seen.has(name)) {
      const shown = JSON.stringify(name.slice(0, 100));
      throw new AristarchError('INVALID_INPUT', `the ${what} ${shown} stands there twice: send each once`);
    }
    seen.add(name);
  }
}

/** The answer, packed in the way of the request. */
export function toInferResponse(
  { batch, model, modelVersion }: ScoreOutcome,
  { id, rawInputContents }: WireInferRequest,
  names: readonly OutputName[],
): WireInferResponse {
  const isRaw = rawInputContents.length > 0;
  const outputs = names.map((name) => ({ name, values: OUTPUTS[name](batch) }));
  return {
    modelName: model,
    modelVersion,
    id,
    parameters: { [RATE]: { parameterChoice: 'doubleParam', doubleParam: batch.falsePositiveRate } },
    outputs: outputs.map(({ name, values }) => {
      const output = { name, datatype: values.datatype, shape: [batch.scores.length] };
      return isRaw ? output : { ...output, contents: toContents(values) };
    }),
    rawOutputContents: isRaw ? outputs.map(({ values }) => toRaw(values)) : [],
  };
}

export function toModelMetadata(
  { name, family, schema }: DetectorDescription,
  versions: readonly string[],
): WireModelMetadata {
  const fields = [...schema.fields, ...(schema.image ? [schema.image] : [])];
  const inputs = fields.map((field) => ({ name: field.name, datatype: DATATYPES[field.kind], shape: [-1] }));
  const outputs = OUTPUT_NAMES.map((output) => ({ name: output, datatype: OUTPUT_TYPES[output], shape: [-1] }));
  return { name, versions, platform: `aristarch_${family}`, inputs, outputs };
}
