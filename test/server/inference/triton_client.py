"""Asks a server by Triton's own client of the Open Inference Protocol; prints what it answered as JSON.

Arguments: address, model, and a JSON object with a list of values for each field (null is a missing value).
"""

import json
import sys

import numpy as np
import tritonclient.grpc as triton

address, model, text = sys.argv[1:]
columns = json.loads(text)
client = triton.InferenceServerClient(address)
metadata = client.get_model_metadata(model, as_json=True)
TYPES = {"FP32": np.float32, "BOOL": np.bool_, "INT64": np.int64, "BYTES": np.object_}


def to_input(name, datatype, values):
    tensor = triton.InferInput(name, [len(values)], datatype)
    tensor.set_data_from_numpy(np.array(values, dtype=TYPES[datatype]))
    return tensor


def inputs():
    for field in metadata["inputs"]:
        name, datatype = field["name"], field["datatype"]
        values, empty = columns[name], {"BYTES": b"", "INT64": 0, "BOOL": False, "FP32": np.nan}[datatype]
        yield to_input(name, datatype, [empty if value is None else value for value in values])
        if datatype != "FP32" and None in values:
            yield to_input(name + ":missing", "BOOL", [value is None for value in values])


result = client.infer(model, list(inputs()), request_id="42", parameters={"false_positive_rate": 0.1})
response = result.get_response(as_json=True)
some = client.infer(model, list(inputs()), outputs=[triton.InferRequestedOutput("p_value")])
try:
    client.infer(model, [to_input("nothing", "FP32", [1.0])])
    refusal = None
except triton.InferenceServerException as error:
    refusal = [error.status(), error.message()]
print(
    json.dumps(
        {
            "live": client.is_server_live(),
            "ready": client.is_server_ready(),
            "modelReady": client.is_model_ready(model),
            "otherReady": client.is_model_ready("other"),
            "server": client.get_server_metadata(as_json=True),
            "metadata": metadata,
            "id": response["id"],
            "model": [response["model_name"], response["model_version"]],
            "score": [float(value) for value in result.as_numpy("score")],
            "pValue": result.as_numpy("p_value").tolist(),
            "anomalous": result.as_numpy("anomalous").tolist(),
            "threshold": result.as_numpy("threshold").tolist(),
            "outputs": [output.name for output in some.get_response().outputs],
            "refusal": refusal,
        }
    )
)
