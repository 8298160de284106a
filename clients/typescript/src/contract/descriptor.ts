// Original file: proto/aristarch/v1/aristarch.proto

export const DESCRIPTOR: object = {
  "nested": {
    "aristarch": {
      "nested": {
        "v1": {
          "nested": {
            "Aristarch": {
              "methods": {
                "Score": {
                  "requestType": "ScoreRequest",
                  "responseType": "ScoreResponse"
                },
                "ScoreStream": {
                  "requestType": "ScoreRequest",
                  "requestStream": true,
                  "responseType": "ScoreResponse",
                  "responseStream": true
                },
                "Sample": {
                  "requestType": "SampleRequest",
                  "responseType": "SampleResponse",
                  "responseStream": true
                },
                "DescribeModel": {
                  "requestType": "DescribeModelRequest",
                  "responseType": "DescribeModelResponse"
                },
                "ListModels": {
                  "requestType": "ListModelsRequest",
                  "responseType": "ListModelsResponse"
                },
                "LoadModel": {
                  "requestType": "LoadModelRequest",
                  "responseType": "DescribeModelResponse"
                },
                "UnloadModel": {
                  "requestType": "UnloadModelRequest",
                  "responseType": "UnloadModelResponse"
                }
              }
            },
            "ScoreRequest": {
              "oneofs": {
                "rows": {
                  "oneof": [
                    "records",
                    "dense"
                  ]
                },
                "_falsePositiveRate": {
                  "oneof": [
                    "falsePositiveRate"
                  ]
                }
              },
              "fields": {
                "model": {
                  "type": "string",
                  "id": 1
                },
                "records": {
                  "type": "Records",
                  "id": 2
                },
                "dense": {
                  "type": "DenseRows",
                  "id": 3
                },
                "falsePositiveRate": {
                  "type": "double",
                  "id": 4,
                  "options": {
                    "proto3_optional": true
                  }
                },
                "requestId": {
                  "type": "string",
                  "id": 5
                },
                "explainTopK": {
                  "type": "uint32",
                  "id": 6
                },
                "modelVersion": {
                  "type": "string",
                  "id": 7
                }
              }
            },
            "Records": {
              "fields": {
                "records": {
                  "rule": "repeated",
                  "type": "Record",
                  "id": 1
                }
              }
            },
            "Record": {
              "fields": {
                "fields": {
                  "keyType": "string",
                  "type": "Value",
                  "id": 1
                }
              }
            },
            "Value": {
              "oneofs": {
                "kind": {
                  "oneof": [
                    "number",
                    "text",
                    "flag",
                    "timestampMs",
                    "null",
                    "image"
                  ]
                }
              },
              "fields": {
                "number": {
                  "type": "double",
                  "id": 1
                },
                "text": {
                  "type": "string",
                  "id": 2
                },
                "flag": {
                  "type": "bool",
                  "id": 3
                },
                "timestampMs": {
                  "type": "int64",
                  "id": 4
                },
                "null": {
                  "type": "NullValue",
                  "id": 5
                },
                "image": {
                  "type": "bytes",
                  "id": 6
                }
              }
            },
            "NullValue": {
              "values": {
                "NULL_VALUE": 0
              }
            },
            "DenseRows": {
              "fields": {
                "values": {
                  "rule": "repeated",
                  "type": "float",
                  "id": 1
                },
                "width": {
                  "type": "uint32",
                  "id": 2
                }
              }
            },
            "ScoreResponse": {
              "fields": {
                "results": {
                  "rule": "repeated",
                  "type": "Result",
                  "id": 1
                },
                "threshold": {
                  "type": "double",
                  "id": 2
                },
                "falsePositiveRate": {
                  "type": "double",
                  "id": 3
                },
                "model": {
                  "type": "string",
                  "id": 4
                },
                "modelVersion": {
                  "type": "string",
                  "id": 5
                },
                "requestId": {
                  "type": "string",
                  "id": 6
                }
              }
            },
            "Result": {
              "fields": {
                "score": {
                  "type": "float",
                  "id": 1
                },
                "pValue": {
                  "type": "double",
                  "id": 2
                },
                "anomalous": {
                  "type": "bool",
                  "id": 3
                },
                "explanation": {
                  "type": "Explanation",
                  "id": 4
                },
                "calibrated": {
                  "type": "Calibrated",
                  "id": 5
                }
              }
            },
            "Calibrated": {
              "fields": {
                "group": {
                  "type": "string",
                  "id": 1
                },
                "threshold": {
                  "type": "double",
                  "id": 2
                }
              }
            },
            "Explanation": {
              "fields": {
                "contributions": {
                  "rule": "repeated",
                  "type": "FieldContribution",
                  "id": 1
                },
                "counterpartScore": {
                  "type": "float",
                  "id": 2
                },
                "counterpart": {
                  "keyType": "string",
                  "type": "Value",
                  "id": 3
                },
                "image": {
                  "type": "ImageExplanation",
                  "id": 4
                }
              }
            },
            "ImageExplanation": {
              "fields": {
                "heatMapPng": {
                  "type": "bytes",
                  "id": 1
                },
                "counterpartPng": {
                  "type": "bytes",
                  "id": 2
                },
                "row": {
                  "type": "uint32",
                  "id": 3
                },
                "column": {
                  "type": "uint32",
                  "id": 4
                }
              }
            },
            "FieldContribution": {
              "fields": {
                "field": {
                  "type": "string",
                  "id": 1
                },
                "value": {
                  "type": "Value",
                  "id": 2
                },
                "normal": {
                  "type": "Value",
                  "id": 3
                },
                "contribution": {
                  "type": "float",
                  "id": 4
                },
                "sentence": {
                  "type": "string",
                  "id": 5
                }
              }
            },
            "SampleRequest": {
              "oneofs": {
                "_seed": {
                  "oneof": [
                    "seed"
                  ]
                },
                "conditions": {
                  "oneof": [
                    "condition",
                    "conditionRows"
                  ]
                }
              },
              "fields": {
                "model": {
                  "type": "string",
                  "id": 1
                },
                "count": {
                  "type": "uint64",
                  "id": 2
                },
                "seed": {
                  "type": "int64",
                  "id": 3,
                  "options": {
                    "proto3_optional": true
                  }
                },
                "firstRow": {
                  "type": "uint64",
                  "id": 4
                },
                "condition": {
                  "type": "Record",
                  "id": 5
                },
                "conditionRows": {
                  "type": "Records",
                  "id": 6
                },
                "modelVersion": {
                  "type": "string",
                  "id": 7
                }
              }
            },
            "SampleResponse": {
              "fields": {
                "records": {
                  "rule": "repeated",
                  "type": "Record",
                  "id": 1
                },
                "firstRow": {
                  "type": "uint64",
                  "id": 2
                },
                "model": {
                  "type": "string",
                  "id": 3
                },
                "modelVersion": {
                  "type": "string",
                  "id": 4
                }
              }
            },
            "DescribeModelRequest": {
              "fields": {
                "model": {
                  "type": "string",
                  "id": 1
                },
                "modelVersion": {
                  "type": "string",
                  "id": 2
                }
              }
            },
            "ListModelsRequest": {
              "fields": {}
            },
            "ListModelsResponse": {
              "fields": {
                "models": {
                  "rule": "repeated",
                  "type": "ListedModel",
                  "id": 1
                }
              }
            },
            "ListedModel": {
              "fields": {
                "model": {
                  "type": "string",
                  "id": 1
                },
                "versions": {
                  "rule": "repeated",
                  "type": "ListedVersion",
                  "id": 2
                },
                "servingVersion": {
                  "type": "string",
                  "id": 3
                },
                "isDefault": {
                  "type": "bool",
                  "id": 4
                },
                "unloaded": {
                  "type": "bool",
                  "id": 5
                },
                "pinnedVersion": {
                  "type": "string",
                  "id": 6
                },
                "servingFault": {
                  "type": "string",
                  "id": 7
                }
              }
            },
            "ListedVersion": {
              "fields": {
                "version": {
                  "type": "string",
                  "id": 1
                },
                "state": {
                  "type": "string",
                  "id": 2
                },
                "reason": {
                  "type": "string",
                  "id": 3
                }
              }
            },
            "LoadModelRequest": {
              "fields": {
                "model": {
                  "type": "string",
                  "id": 1
                },
                "modelVersion": {
                  "type": "string",
                  "id": 2
                }
              }
            },
            "UnloadModelRequest": {
              "fields": {
                "model": {
                  "type": "string",
                  "id": 1
                }
              }
            },
            "UnloadModelResponse": {
              "fields": {}
            },
            "DescribeModelResponse": {
              "fields": {
                "model": {
                  "type": "string",
                  "id": 1
                },
                "modelVersion": {
                  "type": "string",
                  "id": 2
                },
                "family": {
                  "type": "string",
                  "id": 3
                },
                "fields": {
                  "rule": "repeated",
                  "type": "FieldDescription",
                  "id": 4
                },
                "slots": {
                  "rule": "repeated",
                  "type": "string",
                  "id": 5
                },
                "falsePositiveRate": {
                  "type": "double",
                  "id": 6
                },
                "smallestFalsePositiveRate": {
                  "type": "double",
                  "id": 7
                },
                "calibrationCount": {
                  "type": "uint32",
                  "id": 8
                },
                "calibrationMethod": {
                  "type": "string",
                  "id": 9
                },
                "device": {
                  "type": "string",
                  "id": 10
                },
                "trainedAt": {
                  "type": "string",
                  "id": 11
                },
                "trainingRows": {
                  "type": "uint64",
                  "id": 12
                },
                "drift": {
                  "type": "Drift",
                  "id": 13
                },
                "calibrationGroups": {
                  "rule": "repeated",
                  "type": "CalibrationGroup",
                  "id": 14
                },
                "artefactVersion": {
                  "type": "string",
                  "id": 15
                },
                "inference": {
                  "type": "string",
                  "id": 16
                },
                "engine": {
                  "type": "string",
                  "id": 17
                },
                "hardware": {
                  "type": "string",
                  "id": 18
                },
                "hardwareKind": {
                  "type": "string",
                  "id": 19
                }
              }
            },
            "CalibrationGroup": {
              "fields": {
                "name": {
                  "type": "string",
                  "id": 1
                },
                "count": {
                  "type": "uint64",
                  "id": 2
                },
                "smallestFalsePositiveRate": {
                  "type": "double",
                  "id": 3
                }
              }
            },
            "Drift": {
              "fields": {
                "scores": {
                  "type": "uint64",
                  "id": 1
                },
                "alarm": {
                  "type": "bool",
                  "id": 2
                },
                "alarmProbability": {
                  "type": "double",
                  "id": 3
                },
                "alarmAtScore": {
                  "type": "uint64",
                  "id": 4
                },
                "log10Martingale": {
                  "type": "double",
                  "id": 5
                },
                "log10Largest": {
                  "type": "double",
                  "id": 6
                },
                "window": {
                  "type": "uint32",
                  "id": 7
                },
                "fields": {
                  "rule": "repeated",
                  "type": "FieldDrift",
                  "id": 8
                }
              }
            },
            "FieldDrift": {
              "fields": {
                "name": {
                  "type": "string",
                  "id": 1
                },
                "stabilityIndex": {
                  "type": "double",
                  "id": 2
                },
                "missingShare": {
                  "type": "double",
                  "id": 3
                },
                "trainingMissingShare": {
                  "type": "double",
                  "id": 4
                },
                "unseenShare": {
                  "type": "double",
                  "id": 5
                }
              }
            },
            "FieldDescription": {
              "fields": {
                "name": {
                  "type": "string",
                  "id": 1
                },
                "kind": {
                  "type": "string",
                  "id": 2
                },
                "missing": {
                  "type": "bool",
                  "id": 3
                },
                "levels": {
                  "rule": "repeated",
                  "type": "string",
                  "id": 4
                },
                "condition": {
                  "type": "bool",
                  "id": 5
                }
              }
            }
          }
        }
      }
    }
  }
};
