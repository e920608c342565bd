"""A protoc plugin that writes the Java messages.

The generator is protoc's own, `protoc-java` on the PATH. It knows many names that a field cannot have in Java and
changes them, but not `descriptor`: its accessor would be `getDescriptor()`, which every message has already, and
what it writes does not compile. So such a field is `getStatementDescriptor()`, `setStatementDescriptor()` and so on
in Java. The schema inside the generated code, and with it JSON, reflection and field masks, keeps the true name.

The generator is shown a name that occurs nowhere else and is as long as the true one, so that lengths inside the
embedded schema hold; afterwards it is replaced everywhere.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2

Response = plugin_pb2.CodeGeneratorResponse

TRUE = "descriptor"
SHOWN = "qdescripto"

# Protoc breaks the embedded schema into lines, also within a name.
EMBEDDED = re.compile(r'("\s*\+\s*")?'.join(SHOWN))


def messages(parents: Iterable) -> Iterable:
    for parent in parents:
        yield parent
        yield from messages(parent.nested_type)


def show_another_name(files: Iterable) -> None:
    for file in files:
        for message in messages(file.message_type):
            for field in message.field:
                if field.name == TRUE:
                    field.name = SHOWN


def true_name(found: re.Match) -> str:
    """The true name, broken where the shown one was."""
    pieces = list(TRUE)
    for at, line_break in enumerate(found.groups()):
        pieces[at] += line_break or ""
    return "".join(pieces)


def put_right(source: str) -> str:
    source = source.replace(f"{SHOWN}_", "statementDescriptor_")
    source = source.replace(SHOWN.capitalize(), "StatementDescriptor")
    source = source.replace(f"{SHOWN.upper()}_FIELD_NUMBER", "STATEMENT_DESCRIPTOR_FIELD_NUMBER")
    return EMBEDDED.sub(true_name, source)


def main() -> None:
    request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    if SHOWN in str(request.proto_file):
        raise SystemExit(f"the schema says {SHOWN}: choose another word in {sys.argv[0]}")
    show_another_name(request.proto_file)
    response = Response(supported_features=Response.FEATURE_PROTO3_OPTIONAL)
    with tempfile.TemporaryDirectory() as folder:
        schemas = Path(folder, "schemas.binpb")
        schemas.write_bytes(descriptor_pb2.FileDescriptorSet(file=request.proto_file).SerializeToString())
        out = Path(folder, "out")
        out.mkdir()
        command = ["protoc-java", f"--descriptor_set_in={schemas}", f"--java_out={out}", *request.file_to_generate]
        subprocess.run(command, check=True)
        for path in sorted(path for path in out.rglob("*") if path.is_file()):
            source = put_right(path.read_text(encoding="utf-8"))
            response.file.add(name=path.relative_to(out).as_posix(), content=source)
    sys.stdout.buffer.write(response.SerializeToString())


if __name__ == "__main__":
    main()
