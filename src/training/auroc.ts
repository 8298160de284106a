import { ranks } from './continue/compare.ts';

/** The share of pairs in which the second scores higher; ties count half (Mann and Whitney). */
export function auroc(normal: Float32Array, anomalous: Float32Array): number {
  const all = new Float32Array(normal.length + anomalous.length);
  all.set(normal);
  all.set(anomalous, normal.length);
  const ofAnomalous = ranks(all).subarray(normal.length);
  const above = ofAnomalous.reduce((sum, rank) => sum + rank, 0) - (anomalous.length * (anomalous.length - 1)) / 2;
  return above / (normal.length * anomalous.length);
}
