/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/native-environment.cjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': ['<rootDir>/test/support/transform.mjs', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
  // Generous: three suites at a time on two busy cores must pass; what waits for something says itself that it does not come.
  testTimeout: 180_000,
  globalSetup: '<rootDir>/test/support/compile-commands.mjs',
  testSequencer: '<rootDir>/test/support/longest-first.mjs',
  // One more than cores: suites with brokers, callers that are slow and the like wait for a third of their time and more.
  maxWorkers: 3,
  // Modules of finished files stay in a worker's heap; in the end its collections hold a broker's member up for seconds.
  workerIdleMemoryLimit: '512MB',
};
