/** One figure of one set and seed. */
export interface Ranking {
  readonly family: string;
  readonly set: string;
  readonly auroc: number;
  readonly averagePrecision: number;
}

/** Mean over seeds and its sample standard deviation (0 for one seed). */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

export interface SetSummary {
  readonly family: string;
  readonly set: string;
  readonly seeds: number;
  readonly auroc: Spread;
  readonly averagePrecision: Spread;
}

/** Means over sets of means over seeds. */
export interface Overall {
  readonly sets: number;
  readonly auroc: number;
  readonly averagePrecision: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const mean = meanOf(values);
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

export function summariseSets(rankings: readonly Ranking[]): SetSummary[] {
  const names = [...new Set(rankings.map(({ set }) => set))];
  return names.map((name) => {
    const ofSet = rankings.filter(({ set }) => set === name);
    return {
      ...{ family: ofSet[0]!.family, set: name, seeds: ofSet.length },
      auroc: spreadOf(ofSet.map(({ auroc }) => auroc)),
      averagePrecision: spreadOf(ofSet.map(({ averagePrecision }) => averagePrecision)),
    };
  });
}

export function overallOf(sets: readonly Pick<SetSummary, 'auroc' | 'averagePrecision'>[]): Overall {
  return {
    sets: sets.length,
    auroc: meanOf(sets.map(({ auroc }) => auroc.mean)),
    averagePrecision: meanOf(sets.map(({ averagePrecision }) => averagePrecision.mean)),
  };
}

/** Spread, over the seeds, of the mean over sets. */
export function overallSpread(
  rankings: readonly (Ranking & { readonly seed: number })[],
): Pick<SetSummary, 'auroc' | 'averagePrecision'> {
  const seeds = [...new Set(rankings.map(({ seed }) => seed))];
  const bySeed = seeds.map((seed) => overallOf(summariseSets(rankings.filter((each) => each.seed === seed))));
  return {
    auroc: spreadOf(bySeed.map(({ auroc }) => auroc)),
    averagePrecision: spreadOf(bySeed.map(({ averagePrecision }) => averagePrecision)),
  };
}
