"""A small gRPC server of the tests' own, in which each call does what the test wants."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as Detail
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from turnpike import v1
from turnpike.v1 import account_service_pb2_grpc, event_service_pb2_grpc, payment_service_pb2_grpc

Act = Callable[[Any, grpc.ServicerContext], Any]


class Server(
    account_service_pb2_grpc.AccountServiceServicer,
    event_service_pb2_grpc.EventServiceServicer,
    payment_service_pb2_grpc.PaymentServiceServicer,
):
    """Counts the calls. `act` answers all of them but streams, `stream` those."""

    def __init__(self, port: int = 0, credentials: grpc.ServerCredentials | None = None) -> None:
        self.act: Act = lambda request, context: v1.ListAccountsResponse()
        self.stream: Act = lambda request, context: iter(())
        self.calls: list[Any] = []
        self.metadata: list[dict[str, Any]] = []
        self.seconds: list[float | None] = []
        self._grpc = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        account_service_pb2_grpc.add_AccountServiceServicer_to_server(self, self._grpc)
        event_service_pb2_grpc.add_EventServiceServicer_to_server(self, self._grpc)
        payment_service_pb2_grpc.add_PaymentServiceServicer_to_server(self, self._grpc)
        address = f"127.0.0.1:{port}"
        secure = credentials is not None
        self.port = (
            self._grpc.add_secure_port(address, credentials) if secure else self._grpc.add_insecure_port(address)
        )
        self.url = f"{'https' if secure else 'http'}://127.0.0.1:{self.port}"

    def _note(self, request: Any, context: grpc.ServicerContext) -> None:
        self.calls.append(request)
        self.metadata.append({str(key): value for key, value in context.invocation_metadata()})
        # What says that there is no end is far away.
        left = context.time_remaining()
        self.seconds.append(None if left is None or left > 1e6 else left)

    def ListAccounts(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._note(request, context)
        return self.act(request, context)

    def ListPayments(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._note(request, context)
        return self.act(request, context)

    def ChargeToken(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._note(request, context)
        return self.act(request, context)

    def ListEvents(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._note(request, context)
        return self.act(request, context)

    def StreamEvents(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._note(request, context)
        yield from self.stream(request, context)

    def __enter__(self) -> Server:
        self._grpc.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._grpc.stop(0).wait()


def fails_with(
    code: grpc.StatusCode, reason: str = "", *details: Any, metadata: dict[str, str] | None = None, times: int = 10**9
) -> Act:
    """Refuses so many calls as the gateway does. The others are answered with nothing."""
    left = [times]

    def act(request: Any, context: grpc.ServicerContext) -> Any:
        if left[0] == 0:
            return v1.ListAccountsResponse()
        left[0] -= 1
        all_details = [ErrorInfo(reason=reason, domain="turnpike", metadata=metadata), *details] if reason else details
        status = Status(code=code.value[0], message="no", details=[packed(each) for each in all_details])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, "no")
        raise AssertionError

    return act


def packed(message: Any) -> Detail:
    detail = Detail()
    detail.Pack(message)
    return detail


def retry_info(seconds: int) -> RetryInfo:
    retry = RetryInfo()
    retry.retry_delay.seconds = seconds
    return retry


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
