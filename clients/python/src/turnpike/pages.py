"""Lists that are longer than a page: an iterator that asks for the next page when it is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, overload

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

if TYPE_CHECKING:
    from turnpike import v1


class _Place:
    """Where an iteration is. The first request says which fields to go on with, and is not changed."""

    def __init__(self, request: Message) -> None:
        names = request.DESCRIPTOR.fields_by_name
        self._by_cursor = "after" in names
        if not self._by_cursor and "page_token" not in names:
            raise TypeError(f"{request.DESCRIPTOR.full_name} asks for no pages")
        self.request: Any = type(request)()
        self.request.CopyFrom(request)

    def take(self, response: Any) -> tuple[Any, bool]:
        """The entries of a page, and whether there is another. The request then asks for that."""
        entries = getattr(response, _entries(response))
        before = self._at()
        if self._by_cursor:
            self.request.after, more = response.next_cursor, response.has_more
        else:
            self.request.page_token, more = response.next_page_token, response.next_page_token != ""
        if more and self._at() == before:
            raise RuntimeError("the page that is said to be next is the one before")
        return entries, more

    def _at(self) -> str:
        return str(self.request.after if self._by_cursor else self.request.page_token)


def _entries(response: Message) -> str:
    """The field that holds the entries: the only one of a page that holds messages."""
    fields = [each for each in response.DESCRIPTOR.fields if each.type == FieldDescriptor.TYPE_MESSAGE]
    (field,) = fields
    return field.name


# Each list by the type of its request, so that the entries are typed.


class Pages:
    """`Turnpike.pages`."""

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListAccountsRequest) -> Iterator[v1.Account]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListPaymentsRequest) -> Iterator[v1.Payment]: ...

    @overload
    @staticmethod
    def pages(
        method: Callable[..., Any], request: v1.ListPaymentHistoryRequest
    ) -> Iterator[v1.PaymentHistoryEntry]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListDifferencesRequest) -> Iterator[v1.Difference]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListTokensRequest) -> Iterator[v1.Token]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListSchedulesRequest) -> Iterator[v1.Schedule]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListOccurrencesRequest) -> Iterator[v1.Occurrence]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListEventsRequest) -> Iterator[v1.Event]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListWebhookDeliveriesRequest) -> Iterator[v1.WebhookDelivery]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Any], request: v1.ListExchangesRequest) -> Iterator[v1.Exchange]: ...

    @staticmethod
    def pages(method: Callable[..., Any], request: Any) -> Iterator[Any]:
        """Every entry of a list, such as `client.pages(client.payments.ListPayments, v1.ListPaymentsRequest())`.

        The request's `page_size` is how many come at once. Raises `turnpike.Error` where a page cannot be read.
        """
        place, more = _Place(request), True
        while more:
            entries, more = place.take(method(place.request))
            yield from entries


class AsyncPages:
    """`AsyncTurnpike.pages`."""

    @overload
    @staticmethod
    def pages(method: Callable[..., Awaitable[Any]], request: v1.ListAccountsRequest) -> AsyncIterator[v1.Account]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Awaitable[Any]], request: v1.ListPaymentsRequest) -> AsyncIterator[v1.Payment]: ...

    @overload
    @staticmethod
    def pages(
        method: Callable[..., Awaitable[Any]], request: v1.ListPaymentHistoryRequest
    ) -> AsyncIterator[v1.PaymentHistoryEntry]: ...

    @overload
    @staticmethod
    def pages(
        method: Callable[..., Awaitable[Any]], request: v1.ListDifferencesRequest
    ) -> AsyncIterator[v1.Difference]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Awaitable[Any]], request: v1.ListTokensRequest) -> AsyncIterator[v1.Token]: ...

    @overload
    @staticmethod
    def pages(
        method: Callable[..., Awaitable[Any]], request: v1.ListSchedulesRequest
    ) -> AsyncIterator[v1.Schedule]: ...

    @overload
    @staticmethod
    def pages(
        method: Callable[..., Awaitable[Any]], request: v1.ListOccurrencesRequest
    ) -> AsyncIterator[v1.Occurrence]: ...

    @overload
    @staticmethod
    def pages(method: Callable[..., Awaitable[Any]], request: v1.ListEventsRequest) -> AsyncIterator[v1.Event]: ...

    @overload
    @staticmethod
    def pages(
        method: Callable[..., Awaitable[Any]], request: v1.ListWebhookDeliveriesRequest
    ) -> AsyncIterator[v1.WebhookDelivery]: ...

    @overload
    @staticmethod
    def pages(
        method: Callable[..., Awaitable[Any]], request: v1.ListExchangesRequest
    ) -> AsyncIterator[v1.Exchange]: ...

    @staticmethod
    async def pages(method: Callable[..., Awaitable[Any]], request: Any) -> AsyncIterator[Any]:
        """The same as `Turnpike.pages`, for asyncio."""
        place, more = _Place(request), True
        while more:
            entries, more = place.take(await method(place.request))
            for entry in entries:
                yield entry
