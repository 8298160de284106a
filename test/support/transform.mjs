// TypeScript for Jest, as @swc/jest makes it, and fast in its globals: Jest runs each suite in a context of its own, where each look at a global goes
// through an interceptor, which takes longer than most of what is computed with it. Here each module looks once.
import { createHash } from 'node:crypto';
import swc from '@swc/jest';

const GLOBALS = ['Math', 'Number', 'Array', 'Object', 'Float32Array', 'Uint8Array', 'Int32Array', 'Infinity', 'NaN'];
const HEAD = `const { ${GLOBALS.join(', ')} } = globalThis; `;

export default {
  createTransformer(options) {
    const transformer = swc.createTransformer(options);
    const withHead = ({ code, ...rest }) => ({ code: HEAD + code, ...rest });
    return {
      ...transformer,
      process: (...args) => withHead(transformer.process(...args)),
      processAsync: async (...args) => withHead(await transformer.processAsync(...args)),
      getCacheKey: (...args) =>
        createHash('sha1')
          .update(HEAD)
          .update(transformer.getCacheKey(...args))
          .digest('hex'),
    };
  },
};
