"""A protoc plugin that writes the Java stubs, so that their errors are the layer's.

The generator is gRPC's own, `protoc-gen-grpc-java` on the PATH. Its blocking, future and asynchronous stubs make their
calls by `io.grpc.stub.ClientCalls`, whose error type no interceptor can change. Here they make them by
`turnpike.Calls` instead, which has the same methods and throws `TurnpikeException`. The "v2" stubs declare gRPC's
checked exception; they are left as they are.
"""

import re
import subprocess
import sys

from google.protobuf.compiler import plugin_pb2

OURS = "blockingUnaryCall|blockingServerStreamingCall|futureUnaryCall|asyncUnaryCall|asyncServerStreamingCall"
THEIRS = "blockingV2UnaryCall|blockingV2ServerStreamingCall"
CALL = re.compile(r"io\.grpc\.stub\.ClientCalls\.(\w+)\(")


def ours(call: re.Match) -> str:
    if re.fullmatch(OURS, call[1]):
        return f"turnpike.Calls.{call[1]}("
    if re.fullmatch(THEIRS, call[1]):
        return call[0]
    raise SystemExit(f"turnpike.Calls has no {call[1]}: write it, and name it in {sys.argv[0]}")


def main() -> None:
    plugin = subprocess.run(
        ["protoc-gen-grpc-java"], input=sys.stdin.buffer.read(), stdout=subprocess.PIPE, check=True
    )
    response = plugin_pb2.CodeGeneratorResponse.FromString(plugin.stdout)
    for file in response.file:
        file.content = CALL.sub(ours, file.content)
    sys.stdout.buffer.write(response.SerializeToString())


if __name__ == "__main__":
    main()
