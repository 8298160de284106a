export interface Step {
  readonly name: string;
  readonly seconds: number;
}

/** Does steps one after the other, and keeps how long each took. */
export function preparedSteps() {
  const steps: Step[] = [];
  const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const started = performance.now();
    await work();
    steps.push({ name, seconds: (performance.now() - started) / 1000 });
  };
  return { steps, step };
}
