"""Checks ONNX files with onnx.checker and runs them with Python's onnxruntime.

Reads [{"path": ..., "feeds": {name: {"type": "float32", "shape": [...], "data": [...]}}}, ...] from standard input and
answers with a list of {name: {"shape": [...], "data": [...]}}.
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime


def run(path, feeds):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    arrays = {name: np.array(each["data"], each["type"]).reshape(each["shape"]) for name, each in feeds.items()}
    values = session.run(None, arrays)
    outputs = zip((output.name for output in session.get_outputs()), values)
    return {name: {"shape": value.shape, "data": value.astype(float).flatten().tolist()} for name, value in outputs}


print(json.dumps([run(**each) for each in json.load(sys.stdin)]))
