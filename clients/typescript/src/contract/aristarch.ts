import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { AristarchClient as _aristarch_v1_AristarchClient, AristarchDefinition as _aristarch_v1_AristarchDefinition } from './aristarch/v1/Aristarch.ts';
import type { Calibrated as _aristarch_v1_Calibrated, Calibrated__Output as _aristarch_v1_Calibrated__Output } from './aristarch/v1/Calibrated.ts';
import type { CalibrationGroup as _aristarch_v1_CalibrationGroup, CalibrationGroup__Output as _aristarch_v1_CalibrationGroup__Output } from './aristarch/v1/CalibrationGroup.ts';
import type { DenseRows as _aristarch_v1_DenseRows, DenseRows__Output as _aristarch_v1_DenseRows__Output } from './aristarch/v1/DenseRows.ts';
import type { DescribeModelRequest as _aristarch_v1_DescribeModelRequest, DescribeModelRequest__Output as _aristarch_v1_DescribeModelRequest__Output } from './aristarch/v1/DescribeModelRequest.ts';
import type { DescribeModelResponse as _aristarch_v1_DescribeModelResponse, DescribeModelResponse__Output as _aristarch_v1_DescribeModelResponse__Output } from './aristarch/v1/DescribeModelResponse.ts';
import type { Drift as _aristarch_v1_Drift, Drift__Output as _aristarch_v1_Drift__Output } from './aristarch/v1/Drift.ts';
import type { Explanation as _aristarch_v1_Explanation, Explanation__Output as _aristarch_v1_Explanation__Output } from './aristarch/v1/Explanation.ts';
import type { FieldContribution as _aristarch_v1_FieldContribution, FieldContribution__Output as _aristarch_v1_FieldContribution__Output } from './aristarch/v1/FieldContribution.ts';
import type { FieldDescription as _aristarch_v1_FieldDescription, FieldDescription__Output as _aristarch_v1_FieldDescription__Output } from './aristarch/v1/FieldDescription.ts';
import type { FieldDrift as _aristarch_v1_FieldDrift, FieldDrift__Output as _aristarch_v1_FieldDrift__Output } from './aristarch/v1/FieldDrift.ts';
import type { ImageExplanation as _aristarch_v1_ImageExplanation, ImageExplanation__Output as _aristarch_v1_ImageExplanation__Output } from './aristarch/v1/ImageExplanation.ts';
import type { ListModelsRequest as _aristarch_v1_ListModelsRequest, ListModelsRequest__Output as _aristarch_v1_ListModelsRequest__Output } from './aristarch/v1/ListModelsRequest.ts';
import type { ListModelsResponse as _aristarch_v1_ListModelsResponse, ListModelsResponse__Output as _aristarch_v1_ListModelsResponse__Output } from './aristarch/v1/ListModelsResponse.ts';
import type { ListedModel as _aristarch_v1_ListedModel, ListedModel__Output as _aristarch_v1_ListedModel__Output } from './aristarch/v1/ListedModel.ts';
import type { ListedVersion as _aristarch_v1_ListedVersion, ListedVersion__Output as _aristarch_v1_ListedVersion__Output } from './aristarch/v1/ListedVersion.ts';
import type { LoadModelRequest as _aristarch_v1_LoadModelRequest, LoadModelRequest__Output as _aristarch_v1_LoadModelRequest__Output } from './aristarch/v1/LoadModelRequest.ts';
import type { Record as _aristarch_v1_Record, Record__Output as _aristarch_v1_Record__Output } from './aristarch/v1/Record.ts';
import type { Records as _aristarch_v1_Records, Records__Output as _aristarch_v1_Records__Output } from './aristarch/v1/Records.ts';
import type { Result as _aristarch_v1_Result, Result__Output as _aristarch_v1_Result__Output } from './aristarch/v1/Result.ts';
import type { SampleRequest as _aristarch_v1_SampleRequest, SampleRequest__Output as _aristarch_v1_SampleRequest__Output } from './aristarch/v1/SampleRequest.ts';
import type { SampleResponse as _aristarch_v1_SampleResponse, SampleResponse__Output as _aristarch_v1_SampleResponse__Output } from './aristarch/v1/SampleResponse.ts';
import type { ScoreRequest as _aristarch_v1_ScoreRequest, ScoreRequest__Output as _aristarch_v1_ScoreRequest__Output } from './aristarch/v1/ScoreRequest.ts';
import type { ScoreResponse as _aristarch_v1_ScoreResponse, ScoreResponse__Output as _aristarch_v1_ScoreResponse__Output } from './aristarch/v1/ScoreResponse.ts';
import type { UnloadModelRequest as _aristarch_v1_UnloadModelRequest, UnloadModelRequest__Output as _aristarch_v1_UnloadModelRequest__Output } from './aristarch/v1/UnloadModelRequest.ts';
import type { UnloadModelResponse as _aristarch_v1_UnloadModelResponse, UnloadModelResponse__Output as _aristarch_v1_UnloadModelResponse__Output } from './aristarch/v1/UnloadModelResponse.ts';
import type { Value as _aristarch_v1_Value, Value__Output as _aristarch_v1_Value__Output } from './aristarch/v1/Value.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  aristarch: {
    v1: {
      /**
       * Scores of records by a critic trained on normal data. Higher scores are more anomalous, always.
       */
      Aristarch: SubtypeConstructor<typeof grpc.Client, _aristarch_v1_AristarchClient> & { service: _aristarch_v1_AristarchDefinition }
      Calibrated: MessageTypeDefinition<_aristarch_v1_Calibrated, _aristarch_v1_Calibrated__Output>
      CalibrationGroup: MessageTypeDefinition<_aristarch_v1_CalibrationGroup, _aristarch_v1_CalibrationGroup__Output>
      DenseRows: MessageTypeDefinition<_aristarch_v1_DenseRows, _aristarch_v1_DenseRows__Output>
      DescribeModelRequest: MessageTypeDefinition<_aristarch_v1_DescribeModelRequest, _aristarch_v1_DescribeModelRequest__Output>
      DescribeModelResponse: MessageTypeDefinition<_aristarch_v1_DescribeModelResponse, _aristarch_v1_DescribeModelResponse__Output>
      Drift: MessageTypeDefinition<_aristarch_v1_Drift, _aristarch_v1_Drift__Output>
      Explanation: MessageTypeDefinition<_aristarch_v1_Explanation, _aristarch_v1_Explanation__Output>
      FieldContribution: MessageTypeDefinition<_aristarch_v1_FieldContribution, _aristarch_v1_FieldContribution__Output>
      FieldDescription: MessageTypeDefinition<_aristarch_v1_FieldDescription, _aristarch_v1_FieldDescription__Output>
      FieldDrift: MessageTypeDefinition<_aristarch_v1_FieldDrift, _aristarch_v1_FieldDrift__Output>
      ImageExplanation: MessageTypeDefinition<_aristarch_v1_ImageExplanation, _aristarch_v1_ImageExplanation__Output>
      ListModelsRequest: MessageTypeDefinition<_aristarch_v1_ListModelsRequest, _aristarch_v1_ListModelsRequest__Output>
      ListModelsResponse: MessageTypeDefinition<_aristarch_v1_ListModelsResponse, _aristarch_v1_ListModelsResponse__Output>
      ListedModel: MessageTypeDefinition<_aristarch_v1_ListedModel, _aristarch_v1_ListedModel__Output>
      ListedVersion: MessageTypeDefinition<_aristarch_v1_ListedVersion, _aristarch_v1_ListedVersion__Output>
      LoadModelRequest: MessageTypeDefinition<_aristarch_v1_LoadModelRequest, _aristarch_v1_LoadModelRequest__Output>
      NullValue: EnumTypeDefinition
      Record: MessageTypeDefinition<_aristarch_v1_Record, _aristarch_v1_Record__Output>
      Records: MessageTypeDefinition<_aristarch_v1_Records, _aristarch_v1_Records__Output>
      Result: MessageTypeDefinition<_aristarch_v1_Result, _aristarch_v1_Result__Output>
      SampleRequest: MessageTypeDefinition<_aristarch_v1_SampleRequest, _aristarch_v1_SampleRequest__Output>
      SampleResponse: MessageTypeDefinition<_aristarch_v1_SampleResponse, _aristarch_v1_SampleResponse__Output>
      ScoreRequest: MessageTypeDefinition<_aristarch_v1_ScoreRequest, _aristarch_v1_ScoreRequest__Output>
      ScoreResponse: MessageTypeDefinition<_aristarch_v1_ScoreResponse, _aristarch_v1_ScoreResponse__Output>
      UnloadModelRequest: MessageTypeDefinition<_aristarch_v1_UnloadModelRequest, _aristarch_v1_UnloadModelRequest__Output>
      UnloadModelResponse: MessageTypeDefinition<_aristarch_v1_UnloadModelResponse, _aristarch_v1_UnloadModelResponse__Output>
      Value: MessageTypeDefinition<_aristarch_v1_Value, _aristarch_v1_Value__Output>
    }
  }
}

