/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/native-environment.cjs',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
  testTimeout: 60_000,
  maxWorkers: 2,
  // Modules of finished files stay in a worker's heap; in the end its collections hold a broker's member up for seconds.
  workerIdleMemoryLimit: '512MB',
};
