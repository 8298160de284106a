import type { PrimitiveTable } from '../tensor.ts';

type Scalars = readonly number[];
const never = (): null => null;
const truth = (condition: boolean): number => (condition ? 1 : 0);

/** Value of each primitive on scalar operands, for folding constants; null where there is nothing to fold. */
export const scalarRules: PrimitiveTable<[Scalars], number | null> = {
  input: never,
  constant: never,

  negate: (_, [x]) => -x!,
  abs: (_, [x]) => Math.abs(x!),
  sign: (_, [x]) => Math.sign(x!),
  exp: (_, [x]) => Math.exp(x!),
  log: (_, [x]) => Math.log(x!),
  sqrt: (_, [x]) => Math.sqrt(x!),
  sin: (_, [x]) => Math.sin(x!),
  cos: (_, [x]) => Math.cos(x!),
  tanh: (_, [x]) => Math.tanh(x!),
  sigmoid: (_, [x]) => 1 / (1 + Math.exp(-x!)),
  softplus: (_, [x]) => Math.max(x!, 0) + Math.log1p(Math.exp(-Math.abs(x!))),
  leakyRelu: ({ attributes: { slope } }, [x]) => (x! > 0 ? x! : slope * x!),
  leakySlope: ({ attributes: { slope } }, [x]) => (x! > 0 ? 1 : slope),
  floor: (_, [x]) => Math.floor(x!),
  round: never,
  isNaN: (_, [x]) => truth(Number.isNaN(x)),
  detach: never,

  add: (_, [a, b]) => a! + b!,
  subtract: (_, [a, b]) => a! - b!,
  multiply: (_, [a, b]) => a! * b!,
  divide: (_, [a, b]) => a! / b!,
  maximum: (_, [a, b]) => Math.max(a!, b!),
  minimum: (_, [a, b]) => Math.min(a!, b!),
  greater: (_, [a, b]) => truth(a! > b!),
  equal: (_, [a, b]) => truth(a === b),
  select: (_, [condition, a, b]) => (condition === 0 ? b! : a!),

  matMul: never,
  sum: never,
  max: never,
  argMax: never,
  reshape: never,
  broadcastTo: never,
  transpose: never,
  concat: never,
  slice: never,
  pad: never,
  gatherRows: never,
  scatterRows: never,
  convolve: never,
  convolveTransposed: never,
  convolveKernel: never,
  averagePool: never,
  enlarge: never,
  blur: never,
};
