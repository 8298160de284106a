/** Does the work once, for all who ask, and keeps what comes of it; a failure is told to those who wait for it, and the next one tries anew. */
export function kept<T>(work: () => Promise<T>): () => Promise<T> {
  let doing: Promise<T> | undefined;
  return () =>
    (doing ??= work().catch((thrown: unknown) => {
      doing = undefined;
      throw thrown;
    }));
}
