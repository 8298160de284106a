"""Scores two payments over gRPC and prints what the service says of each.

    pip install grpcio-tools
    python -m grpc_tools.protoc -I ../../proto --python_out=. --grpc_python_out=. aristarch/v1/aristarch.proto
    python score.py localhost:50051
"""

import json
import sys
import time

import grpc

from aristarch.v1 import aristarch_pb2 as pb
from aristarch.v1 import aristarch_pb2_grpc

# gRPC itself tries again where the server is away. Where that is overloaded (RESOURCE_EXHAUSTED) the call fails, and its RetryInfo says when to send again.
RETRIES = {
    "methodConfig": [
        {
            "name": [{"service": "aristarch.v1.Aristarch"}],
            "retryPolicy": {
                "maxAttempts": 5,
                "initialBackoff": "0.1s",
                "maxBackoff": "5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ]
}


def payment(amount):
    return pb.Record(
        fields={
            "amount": pb.Value(number=amount),
            "country": pb.Value(text="DE"),
            "online": pb.Value(flag=True),
            "at": pb.Value(timestamp_ms=int(time.time() * 1000)),
        }
    )


def main(address):
    options = [("grpc.service_config", json.dumps(RETRIES))]
    with grpc.insecure_channel(address, options=options) as channel:
        stub = aristarch_pb2_grpc.AristarchStub(channel)
        records = pb.Records(records=[payment(129.9), payment(1.5)])
        response = stub.Score(pb.ScoreRequest(records=records, false_positive_rate=0.01), timeout=10)
        for result in response.results:
            print(f"score {result.score:.2f}, p-value {result.p_value:.3f}, anomalous: {str(result.anomalous).lower()}")


def explain(error):
    """What a refused call comes with: gRPC's status, the service's own code (docs/errors.md) and its message."""
    code = dict(error.trailing_metadata() or ()).get("aristarch-code")
    return f"{error.code().name}{f' ({code})' if code else ''}: {error.details()}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python score.py HOST:PORT, as in python score.py localhost:50051")
    try:
        main(sys.argv[1])
    except grpc.RpcError as refused:
        sys.exit(explain(refused))
