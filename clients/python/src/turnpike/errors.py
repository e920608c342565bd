"""What a call that failed tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import grpc

from turnpike.v1 import error_reason_pb2

DOMAIN = "turnpike"
"""The domain of every reason that is the gateway's own."""

_DETAILS = "grpc-status-details-bin"
_REASON_PREFIX = "ERROR_REASON_"


class Error(Exception):
    """A call that failed. A declined payment is none: see `turnpike.require_paid`.

    The error of gRPC that it was made of is its `__cause__`. Neither of them holds a key, a token or a card.
    """

    code: grpc.StatusCode
    """gRPC's code, such as `grpc.StatusCode.NOT_FOUND`."""

    message: str
    """A sentence for people. It may change; go by the code and the reason."""

    reason_text: str
    """The reason as the gateway wrote it, such as `PAYMENT_NOT_FOUND`. Empty when the gateway gave none, as when it
    could not be reached."""

    metadata: Mapping[str, str]
    """More about the reason; `v1.ErrorReason` says which keys come with which. Amounts are in minor units."""

    fields: Mapping[str, str]
    """What is wrong with the request: paths such as `money.amount_minor`, and what is wrong with each. Empty when
    no field is."""

    retry_after: timedelta | None
    """How long to wait before the call is made again. None when the gateway did not say."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        reason_text: str = "",
        metadata: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        # All of them are arguments of Exception, so that the error can be pickled.
        super().__init__(code, message, reason_text, dict(metadata or {}), dict(fields or {}), retry_after)
        self.code = code
        self.message = message
        self.reason_text = reason_text
        self.metadata = dict(metadata or {})
        self.fields = dict(fields or {})
        self.retry_after = retry_after

    @property
    def reason(self) -> error_reason_pb2.ErrorReason.ValueType:
        """The reason as a constant, such as `v1.ERROR_REASON_PAYMENT_NOT_FOUND`. UNSPECIFIED when there is none, or
        one that this version does not know: `reason_text` has it then."""
        try:
            return error_reason_pb2.ErrorReason.Value(_REASON_PREFIX + self.reason_text)
        except ValueError:
            return error_reason_pb2.ERROR_REASON_UNSPECIFIED

    @property
    def nothing_was_sent(self) -> bool:
        """Whether the gateway says that nothing went to a provider, which it does with UNAVAILABLE.

        False does not mean that something was sent. When the connection broke, or while an earlier call with the
        request id runs, nobody can say: make the same request with the same request id again.
        """
        unknown = self.reason_text in ("", "REQUEST_STILL_RUNNING")
        return self.code is grpc.StatusCode.UNAVAILABLE and not unknown

    def __str__(self) -> str:
        name = f"{self.code.name} {self.reason_text}".rstrip()
        return f"{name}: {self.message}"

    def __repr__(self) -> str:
        return f"turnpike.Error({str(self)!r})"

    @classmethod
    def from_call(cls, error: Any) -> Error:
        """Reads an error of gRPC, of a sync or an async call."""
        from google.protobuf.message import DecodeError
        from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
        from google.rpc.status_pb2 import Status

        status = Status()
        for key, value in error.trailing_metadata() or ():
            if key == _DETAILS:
                try:
                    status = Status.FromString(value)
                except DecodeError:
                    # Whatever stands in between wrote it. The code is known all the same.
                    status = Status()

        info, wrong, retry = ErrorInfo(), BadRequest(), RetryInfo()
        retry_after = None
        fields: dict[str, str] = {}
        for detail in status.details:
            if detail.Unpack(wrong):
                for violation in wrong.field_violations:
                    what = violation.description
                    fields[violation.field] = (
                        f"{fields[violation.field]}; {what}" if violation.field in fields else what
                    )
            elif detail.Unpack(retry):
                retry_after = retry.retry_delay.ToTimedelta()
            else:
                detail.Unpack(info)
        if info.domain != DOMAIN:
            info.Clear()
        return cls(error.code(), error.details() or "", info.reason, info.metadata, fields, retry_after)
