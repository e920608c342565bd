"""The client of Turnpike, a gRPC payments gateway: one typed contract in front of many payment providers.

    import turnpike
    from turnpike import v1

    with turnpike.Turnpike.from_environment() as client:
        answer = client.payments.GetPayment(v1.GetPaymentRequest(payment_id="pay_…"))

`Turnpike` calls and waits, `AsyncTurnpike` is the same for asyncio. The messages are in `turnpike.v1`.
"""

from turnpike import v1, webhooks
from turnpike.aio import AsyncTurnpike
from turnpike.client import Turnpike
from turnpike.declines import (
    ActionRequired,
    Declined,
    NotPaid,
    PaymentOutcome,
    Unresolved,
    decline_of,
    require_paid,
)
from turnpike.errors import Error
from turnpike.events import AsyncFollow, Follow, Followed
from turnpike.request_ids import (
    AsyncMemoryStore,
    AsyncRequestIds,
    AsyncRequestIdStore,
    MemoryStore,
    RequestIdError,
    RequestIdExists,
    RequestIdMissing,
    RequestIds,
    RequestIdStore,
)
from turnpike.settings import SettingsError
from turnpike.version import VERSION as __version__
from turnpike.webhooks import WebhookRefused

__all__ = [
    "ActionRequired",
    "AsyncFollow",
    "AsyncMemoryStore",
    "AsyncRequestIdStore",
    "AsyncRequestIds",
    "AsyncTurnpike",
    "Declined",
    "Error",
    "Follow",
    "Followed",
    "MemoryStore",
    "NotPaid",
    "PaymentOutcome",
    "RequestIdError",
    "RequestIdExists",
    "RequestIdMissing",
    "RequestIdStore",
    "RequestIds",
    "SettingsError",
    "Turnpike",
    "Unresolved",
    "WebhookRefused",
    "__version__",
    "decline_of",
    "require_paid",
    "v1",
    "webhooks",
]
