/** Arguments with which Node runs one of our commands from its source. */
export const FROM_SOURCE: readonly string[] = ['--import', 'tsx', 'src/cli.ts'];

const compiled = process.env['TEST_COMMANDS'];
/** The same as it was compiled for this run of tests (compile-commands.mjs); what is not such a run takes the source. */
export const COMPILED: readonly string[] = compiled === undefined ? FROM_SOURCE : [compiled];
