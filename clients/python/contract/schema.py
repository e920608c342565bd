"""What the generated code knows of the schema."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor

from turnpike import v1


def files() -> Iterator[FileDescriptor]:
    """Every file, loaded."""
    for module in pkgutil.iter_modules(v1.__path__):
        if module.name.endswith("_pb2"):
            yield importlib.import_module(f"{v1.__name__}.{module.name}").DESCRIPTOR


def methods() -> Iterator[MethodDescriptor]:
    """Every RPC."""
    for file in files():
        for service in file.services_by_name.values():
            yield from service.methods
