// Original file: proto/aristarch/v1/aristarch.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DescribeModelRequest as _aristarch_v1_DescribeModelRequest, DescribeModelRequest__Output as _aristarch_v1_DescribeModelRequest__Output } from '../../aristarch/v1/DescribeModelRequest.ts';
import type { DescribeModelResponse as _aristarch_v1_DescribeModelResponse, DescribeModelResponse__Output as _aristarch_v1_DescribeModelResponse__Output } from '../../aristarch/v1/DescribeModelResponse.ts';
import type { ListModelsRequest as _aristarch_v1_ListModelsRequest, ListModelsRequest__Output as _aristarch_v1_ListModelsRequest__Output } from '../../aristarch/v1/ListModelsRequest.ts';
import type { ListModelsResponse as _aristarch_v1_ListModelsResponse, ListModelsResponse__Output as _aristarch_v1_ListModelsResponse__Output } from '../../aristarch/v1/ListModelsResponse.ts';
import type { LoadModelRequest as _aristarch_v1_LoadModelRequest, LoadModelRequest__Output as _aristarch_v1_LoadModelRequest__Output } from '../../aristarch/v1/LoadModelRequest.ts';
import type { SampleRequest as _aristarch_v1_SampleRequest, SampleRequest__Output as _aristarch_v1_SampleRequest__Output } from '../../aristarch/v1/SampleRequest.ts';
import type { SampleResponse as _aristarch_v1_SampleResponse, SampleResponse__Output as _aristarch_v1_SampleResponse__Output } from '../../aristarch/v1/SampleResponse.ts';
import type { ScoreRequest as _aristarch_v1_ScoreRequest, ScoreRequest__Output as _aristarch_v1_ScoreRequest__Output } from '../../aristarch/v1/ScoreRequest.ts';
import type { ScoreResponse as _aristarch_v1_ScoreResponse, ScoreResponse__Output as _aristarch_v1_ScoreResponse__Output } from '../../aristarch/v1/ScoreResponse.ts';
import type { UnloadModelRequest as _aristarch_v1_UnloadModelRequest, UnloadModelRequest__Output as _aristarch_v1_UnloadModelRequest__Output } from '../../aristarch/v1/UnloadModelRequest.ts';
import type { UnloadModelResponse as _aristarch_v1_UnloadModelResponse, UnloadModelResponse__Output as _aristarch_v1_UnloadModelResponse__Output } from '../../aristarch/v1/UnloadModelResponse.ts';

/**
 * Scores of records by a critic trained on normal data. Higher scores are more anomalous, always.
 */
export interface AristarchClient extends grpc.Client {
  /**
   * What a model is: fields, calibration, version.
   */
  DescribeModel(argument: _aristarch_v1_DescribeModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  DescribeModel(argument: _aristarch_v1_DescribeModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  DescribeModel(argument: _aristarch_v1_DescribeModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  DescribeModel(argument: _aristarch_v1_DescribeModelRequest, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What a model is: fields, calibration, version.
   */
  describeModel(argument: _aristarch_v1_DescribeModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  describeModel(argument: _aristarch_v1_DescribeModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  describeModel(argument: _aristarch_v1_DescribeModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  describeModel(argument: _aristarch_v1_DescribeModelRequest, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The models that there are.
   */
  ListModels(argument: _aristarch_v1_ListModelsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  ListModels(argument: _aristarch_v1_ListModelsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  ListModels(argument: _aristarch_v1_ListModelsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  ListModels(argument: _aristarch_v1_ListModelsRequest, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The models that there are.
   */
  listModels(argument: _aristarch_v1_ListModelsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  listModels(argument: _aristarch_v1_ListModelsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  listModels(argument: _aristarch_v1_ListModelsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  listModels(argument: _aristarch_v1_ListModelsRequest, callback: grpc.requestCallback<_aristarch_v1_ListModelsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * For administrators: looks at a model's folder now, opens what is there, and answers once it serves. A version that has failed
   * before is tried again.
   */
  LoadModel(argument: _aristarch_v1_LoadModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  LoadModel(argument: _aristarch_v1_LoadModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  LoadModel(argument: _aristarch_v1_LoadModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  LoadModel(argument: _aristarch_v1_LoadModelRequest, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  /**
   * For administrators: looks at a model's folder now, opens what is there, and answers once it serves. A version that has failed
   * before is tried again.
   */
  loadModel(argument: _aristarch_v1_LoadModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  loadModel(argument: _aristarch_v1_LoadModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  loadModel(argument: _aristarch_v1_LoadModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  loadModel(argument: _aristarch_v1_LoadModelRequest, callback: grpc.requestCallback<_aristarch_v1_DescribeModelResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Rows like the training rows, made up by the model's generator, in batches and in order. A stream that broke off is taken
   * up again by `first_row`, on this server or on another one of the same model version and device.
   */
  Sample(argument: _aristarch_v1_SampleRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_aristarch_v1_SampleResponse__Output>;
  Sample(argument: _aristarch_v1_SampleRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_aristarch_v1_SampleResponse__Output>;
  /**
   * Rows like the training rows, made up by the model's generator, in batches and in order. A stream that broke off is taken
   * up again by `first_row`, on this server or on another one of the same model version and device.
   */
  sample(argument: _aristarch_v1_SampleRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_aristarch_v1_SampleResponse__Output>;
  sample(argument: _aristarch_v1_SampleRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_aristarch_v1_SampleResponse__Output>;
  
  /**
   * Scores one record or many. A score never depends on the other records of the call.
   */
  Score(argument: _aristarch_v1_ScoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  Score(argument: _aristarch_v1_ScoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  Score(argument: _aristarch_v1_ScoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  Score(argument: _aristarch_v1_ScoreRequest, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Scores one record or many. A score never depends on the other records of the call.
   */
  score(argument: _aristarch_v1_ScoreRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  score(argument: _aristarch_v1_ScoreRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  score(argument: _aristarch_v1_ScoreRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  score(argument: _aristarch_v1_ScoreRequest, callback: grpc.requestCallback<_aristarch_v1_ScoreResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The same, as a stream: one response for each request, in order.
   */
  ScoreStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aristarch_v1_ScoreRequest, _aristarch_v1_ScoreResponse__Output>;
  ScoreStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aristarch_v1_ScoreRequest, _aristarch_v1_ScoreResponse__Output>;
  /**
   * The same, as a stream: one response for each request, in order.
   */
  scoreStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aristarch_v1_ScoreRequest, _aristarch_v1_ScoreResponse__Output>;
  scoreStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aristarch_v1_ScoreRequest, _aristarch_v1_ScoreResponse__Output>;
  
  /**
   * For administrators: refuses requests for a model, all its versions, until LoadModel; those in flight are finished.
   */
  UnloadModel(argument: _aristarch_v1_UnloadModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  UnloadModel(argument: _aristarch_v1_UnloadModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  UnloadModel(argument: _aristarch_v1_UnloadModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  UnloadModel(argument: _aristarch_v1_UnloadModelRequest, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  /**
   * For administrators: refuses requests for a model, all its versions, until LoadModel; those in flight are finished.
   */
  unloadModel(argument: _aristarch_v1_UnloadModelRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  unloadModel(argument: _aristarch_v1_UnloadModelRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  unloadModel(argument: _aristarch_v1_UnloadModelRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  unloadModel(argument: _aristarch_v1_UnloadModelRequest, callback: grpc.requestCallback<_aristarch_v1_UnloadModelResponse__Output>): grpc.ClientUnaryCall;
  
}

/**
 * Scores of records by a critic trained on normal data. Higher scores are more anomalous, always.
 */
export interface AristarchHandlers extends grpc.UntypedServiceImplementation {
  /**
   * What a model is: fields, calibration, version.
   */
  DescribeModel: grpc.handleUnaryCall<_aristarch_v1_DescribeModelRequest__Output, _aristarch_v1_DescribeModelResponse>;
  
  /**
   * The models that there are.
   */
  ListModels: grpc.handleUnaryCall<_aristarch_v1_ListModelsRequest__Output, _aristarch_v1_ListModelsResponse>;
  
  /**
   * For administrators: looks at a model's folder now, opens what is there, and answers once it serves. A version that has failed
   * before is tried again.
   */
  LoadModel: grpc.handleUnaryCall<_aristarch_v1_LoadModelRequest__Output, _aristarch_v1_DescribeModelResponse>;
  
  /**
   * Rows like the training rows, made up by the model's generator, in batches and in order. A stream that broke off is taken
   * up again by `first_row`, on this server or on another one of the same model version and device.
   */
  Sample: grpc.handleServerStreamingCall<_aristarch_v1_SampleRequest__Output, _aristarch_v1_SampleResponse>;
  
  /**
   * Scores one record or many. A score never depends on the other records of the call.
   */
  Score: grpc.handleUnaryCall<_aristarch_v1_ScoreRequest__Output, _aristarch_v1_ScoreResponse>;
  
  /**
   * The same, as a stream: one response for each request, in order.
   */
  ScoreStream: grpc.handleBidiStreamingCall<_aristarch_v1_ScoreRequest__Output, _aristarch_v1_ScoreResponse>;
  
  /**
   * For administrators: refuses requests for a model, all its versions, until LoadModel; those in flight are finished.
   */
  UnloadModel: grpc.handleUnaryCall<_aristarch_v1_UnloadModelRequest__Output, _aristarch_v1_UnloadModelResponse>;
  
}

export interface AristarchDefinition extends grpc.ServiceDefinition {
  DescribeModel: MethodDefinition<_aristarch_v1_DescribeModelRequest, _aristarch_v1_DescribeModelResponse, _aristarch_v1_DescribeModelRequest__Output, _aristarch_v1_DescribeModelResponse__Output>
  ListModels: MethodDefinition<_aristarch_v1_ListModelsRequest, _aristarch_v1_ListModelsResponse, _aristarch_v1_ListModelsRequest__Output, _aristarch_v1_ListModelsResponse__Output>
  LoadModel: MethodDefinition<_aristarch_v1_LoadModelRequest, _aristarch_v1_DescribeModelResponse, _aristarch_v1_LoadModelRequest__Output, _aristarch_v1_DescribeModelResponse__Output>
  Sample: MethodDefinition<_aristarch_v1_SampleRequest, _aristarch_v1_SampleResponse, _aristarch_v1_SampleRequest__Output, _aristarch_v1_SampleResponse__Output>
  Score: MethodDefinition<_aristarch_v1_ScoreRequest, _aristarch_v1_ScoreResponse, _aristarch_v1_ScoreRequest__Output, _aristarch_v1_ScoreResponse__Output>
  ScoreStream: MethodDefinition<_aristarch_v1_ScoreRequest, _aristarch_v1_ScoreResponse, _aristarch_v1_ScoreRequest__Output, _aristarch_v1_ScoreResponse__Output>
  UnloadModel: MethodDefinition<_aristarch_v1_UnloadModelRequest, _aristarch_v1_UnloadModelResponse, _aristarch_v1_UnloadModelRequest__Output, _aristarch_v1_UnloadModelResponse__Output>
}
