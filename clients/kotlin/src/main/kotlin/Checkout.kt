import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.guava.await
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import turnpike.Outcome
import turnpike.RequestIds
import turnpike.Turnpike
import turnpike.v1.BrowserReturn
import turnpike.v1.ConfirmSessionRequest
import turnpike.v1.CreateSessionRequest
import turnpike.v1.Money
import turnpike.v1.ReturnUrls
import turnpike.v1.SessionPurpose

/** A customer pays on the provider's page; here the customer is played. Then the events tell what happened. */
fun main() = runBlocking {
    // A shop keeps request ids in its database, so that a restart repeats and never charges twice.
    val ids = RequestIds.inMemory()
    Turnpike.fromEnvironment().use { turnpike ->
        val request = CreateSessionRequest.newBuilder()
            .setRequestId(ids.forKey("order-17/session"))
            .setMoney(Money.newBuilder().setAmountMinor(29_900).setCurrencyCode("NOK"))
            .setMerchantReference("order-17")
            .setPurpose(SessionPurpose.SESSION_PURPOSE_PAY)
            .setReturnUrls(ReturnUrls.newBuilder().setSuccessUrl("https://shop.example/done"))
            .build()
        // No thread waits here. Cancelling the coroutine cancels the call.
        val session = turnpike.future().sessions().createSession(request).await().session
        println("opened ${session.id}")

        val cameBackTo = withContext(Dispatchers.IO) { turnpike.development().pay(session.id) }

        val confirm = ConfirmSessionRequest.newBuilder()
            .setRequestId(ids.forKey("order-17/confirm"))
            .setSessionId(session.id)
            .setReturned(BrowserReturn.newBuilder().setUrl(cameBackTo))
            .build()
        val payment = Outcome.requirePaid(turnpike.future().sessions().confirmSession(confirm).await().payment)
        println("paid ${payment.totals.capturedMinor} ${payment.money.currencyCode}")

        turnpike.eventsAfter("", "session.*")
            .onEach { println("${it.event().type} ${it.event().id}") }
            .first { it.event().type == "session.completed" && it.event().session.session.id == session.id }
    }
    Unit
}
