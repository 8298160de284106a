import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Rows [n, width] of features. */
export interface FeatureRows {
  readonly data: Float32Array;
  readonly width: number;
}

/**
 * Heusel et al. 2017, section 2: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), of the normals with the means and covariances of two
 * sets. The eigenvalues of C1^(1/2) C2 C1^(1/2) are those of C1 C2, and the matrix is symmetric.
 */
export function frechetDistance(a: FeatureRows, b: FeatureRows): number {
  const [one, two] = [momentsOf(a), momentsOf(b)];
  const apart = one.mean.reduce((total, value, at) => total + (value - two.mean[at]!) ** 2, 0);
  const root = rootOf(one.covariance);
  const inner = root.mmul(two.covariance).mmul(root);
  const shared = symmetricEigen(inner).realEigenvalues.reduce(
    (total, value) => total + Math.sqrt(Math.max(0, value)),
    0,
  );
  return apart + one.covariance.trace() + two.covariance.trace() - 2 * shared;
}

function momentsOf({ data, width }: FeatureRows): { readonly mean: number[]; readonly covariance: Matrix } {
  const count = data.length / width;
  const mean = Array.from({ length: width }, (_, at) => {
    let total = 0;
    for (let row = 0; row < count; row++) total += data[row * width + at]!;
    return total / count;
  });
  const centred = new Matrix(count, width);
  for (let row = 0; row < count; row++) {
    for (let at = 0; at < width; at++) centred.set(row, at, data[row * width + at]! - mean[at]!);
  }
  return {
    mean,
    covariance: centred
      .transpose()
      .mmul(centred)
      .div(count - 1),
  };
}

const symmetricEigen = (of: Matrix): EigenvalueDecomposition =>
  new EigenvalueDecomposition(Matrix.add(of, of.transpose()).div(2), { assumeSymmetric: true });

function rootOf(of: Matrix): Matrix {
  const { eigenvectorMatrix: vectors, realEigenvalues } = symmetricEigen(of);
  const roots = Matrix.diag(realEigenvalues.map((value) => Math.sqrt(Math.max(0, value))));
  return vectors.mmul(roots).mmul(vectors.transpose());
}

export interface Manifolds {
  /** Share of the made-up rows within the reach of a real one, and of real ones within the reach of a made-up one. */
  readonly precision: number;
  readonly recall: number;
  /** How many real rows reach a made-up one, over the neighbours asked for; and the share of real ones that reach any. */
  readonly density: number;
  readonly coverage: number;
}

/**
 * Kynkäänniemi et al. 2019, equations 1 and 2, and Naeem et al. 2020, equations 3 and 4. A row's reach is the distance to its k-th
 * nearest neighbour in its own set.
 */
export function compareManifolds(real: FeatureRows, made: FeatureRows, k = 5): Manifolds {
  const [reach, madeReach] = [reachOf(real, k), reachOf(made, k)];
  const [count, madeCount] = [reach.length, madeReach.length];
  const covered = new Uint8Array(count);
  const recalled = new Uint8Array(count);
  let [precise, balls] = [0, 0];
  for (let row = 0; row < madeCount; row++) {
    let within = 0;
    for (let other = 0; other < count; other++) {
      const apart = squaredDistance(made, row, real, other);
      if (apart <= reach[other]!) {
        within += 1;
        covered[other] = 1;
      }
      if (apart <= madeReach[row]!) recalled[other] = 1;
    }
    precise += within > 0 ? 1 : 0;
    balls += within;
  }
  const shareOf = (flags: Uint8Array): number => flags.reduce((total, flag) => total + flag, 0) / count;
  return {
    ...{ precision: precise / madeCount, recall: shareOf(recalled) },
    ...{ density: balls / (k * madeCount), coverage: shareOf(covered) },
  };
}

/** Squared distance to the k-th nearest other row, for each row. */
function reachOf(rows: FeatureRows, k: number): Float64Array {
  const count = rows.data.length / rows.width;
  return Float64Array.from({ length: count }, (_, row) => {
    const all = Float64Array.from({ length: count }, (__, other) => squaredDistance(rows, row, rows, other));
    return all.sort()[k]!; // the first is the row itself
  });
}

function squaredDistance(a: FeatureRows, row: number, b: FeatureRows, other: number): number {
  let total = 0;
  for (let at = 0; at < a.width; at++) total += (a.data[row * a.width + at]! - b.data[other * b.width + at]!) ** 2;
  return total;
}
