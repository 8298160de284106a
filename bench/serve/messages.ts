import type { ServiceDefinition } from '@grpc/grpc-js';
import { ROWS_INPUT } from '../../src/models/scoring-graph.ts';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from '../../src/server/grpc/inference/contract.ts';
import { FEATURES, normalRows } from './model.ts';

const METHODS = loadContract()[SERVICE] as ServiceDefinition;

export const SCORE_PATH = METHODS['Score']!.path;
export const STREAM_PATH = METHODS['ScoreStream']!.path;

const INFER = (loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition)['ModelInfer']!;
export const INFER_PATH = INFER.path;

/** A `ScoreRequest` of so many packed rows, serialised, in base64. */
export function scoreRequest(rows: number): string {
  const dense = { values: Array.from(normalRows(rows, 2)), width: FEATURES };
  return METHODS['Score']!.requestSerialize({ dense }).toString('base64');
}

/** A `ModelInferRequest` of the same rows, in typed contents, as most clients of the Open Inference Protocol send them; base64. */
export function inferRequest(rows: number, modelName: string): string {
  const contents = { fp32Contents: Array.from(normalRows(rows, 2)) };
  const input = { name: ROWS_INPUT, datatype: 'FP32', shape: [rows, FEATURES], contents };
  return INFER.requestSerialize({ modelName, inputs: [input] }).toString('base64');
}

/** The bytes of a `ScoreResponse` to so many rows, as the server answers them; base64. For the echo. */
export function scoreResponse(rows: number, model: { readonly name: string; readonly version: string }): string {
  const results = Array.from({ length: rows }, (_, row) => ({ score: row, pValue: 0.5, anomalous: false }));
  const response = { results, threshold: 1, falsePositiveRate: 0.01, model: model.name, modelVersion: model.version };
  return METHODS['Score']!.responseSerialize(response).toString('base64');
}
