/** Is given work that need not, or must not, be done yet. */
export type Afterwards = (work: () => void) => void;

/** For whoever has nothing to wait for. */
export const atOnce: Afterwards = (work) => work();
