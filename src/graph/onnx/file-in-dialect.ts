import { createBuilder, type Builder } from './builder.ts';
import { PORTABLE, type Dialect } from './dialect.ts';
import { replaceNodes } from './model.ts';

/** Operators of a file that a dialect may say otherwise. */
const SAID: Readonly<Record<string, (dialect: Dialect) => (x: string, to: Builder) => string>> = {
  Sin: ({ sin }) => sin,
  Cos: ({ cos }) => cos,
};

/** A model file, which is written portably, in the dialect of the engine that opens it. */
export function fileInDialect(onnx: Uint8Array, dialect: Dialect): Uint8Array {
  if (dialect === PORTABLE) return onnx;
  let count = 0;
  return replaceNodes(onnx, ({ operator, input, output }) => {
    const say = SAID[operator]?.(dialect);
    const [x, y] = [input[0], output[0]];
    if (say === undefined || x === undefined || y === undefined) return undefined;
    const to = createBuilder({ prefix: `.d${count++}`, dialect });
    to.namedNode('Identity', [say(x, to)], [y]);
    return to;
  });
}
