"""A protoc plugin that writes the gRPC stubs for Python, and their types.

grpcio-tools keeps the generator inside its own protoc, where buf cannot call it. This wraps it as
a plugin: a CodeGeneratorRequest comes in, a CodeGeneratorResponse goes out. Files without a service
get no stubs; the generators alone would write empty ones.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from grpc_tools import protoc

Request = plugin_pb2.CodeGeneratorRequest
Response = plugin_pb2.CodeGeneratorResponse


def stubs(request: Request) -> Response:
    """The classes `…_pb2_grpc.py`."""
    response = Response(supported_features=Response.FEATURE_PROTO3_OPTIONAL)
    with tempfile.TemporaryDirectory() as folder:
        schemas = Path(folder, "schemas.binpb")
        files = descriptor_pb2.FileDescriptorSet(file=request.proto_file)
        schemas.write_bytes(files.SerializeToString())
        out = Path(folder, "out")
        out.mkdir()
        arguments = [f"--descriptor_set_in={schemas}", f"--grpc_python_out={out}"]
        if protoc.main(["protoc", *arguments, *request.file_to_generate]) != 0:
            raise SystemExit("the gRPC generator failed")
        for path in sorted(path for path in out.rglob("*") if path.is_file()):
            name = path.relative_to(out).as_posix()
            response.file.add(name=name, content=path.read_text(encoding="utf-8"))
    return response


def types(request: Request) -> Response:
    """Their types, `…_pb2_grpc.pyi`, with the comments of the schema."""
    request.parameter = "quiet"
    plugin = subprocess.run(
        ["protoc-gen-mypy_grpc"],
        input=request.SerializeToString(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Response.FromString(plugin.stdout)


def main() -> None:
    request = Request.FromString(sys.stdin.buffer.read())
    with_services = {file.name for file in request.proto_file if file.service}
    wanted = [name for name in request.file_to_generate if name in with_services]
    del request.file_to_generate[:]
    request.file_to_generate.extend(wanted)
    response = Response(supported_features=Response.FEATURE_PROTO3_OPTIONAL)
    if wanted:
        response = stubs(request)
        response.file.extend(types(request).file)
    sys.stdout.buffer.write(response.SerializeToString())


if __name__ == "__main__":
    main()
