import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.launch
import turnpike.FollowedEvent
import turnpike.Turnpike

/**
 * The events after a place in the log as a flow, which goes on when the stream breaks. It ends with its collector, or
 * with a TurnpikeException where going on is useless. A slow collector is waited for.
 */
fun Turnpike.eventsAfter(cursor: String, vararg types: String): Flow<FollowedEvent> =
    callbackFlow {
        val events = follow(cursor, *types)
        launch(Dispatchers.IO) {
            // The thread waits in hasNext until there is an event, or until the flow is cancelled and closes `events`.
            var isWanted = true
            while (isWanted && events.hasNext()) {
                isWanted = trySendBlocking(events.next()).isSuccess
            }
        }
        awaitClose { events.close() }
    }
        .buffer(EVENTS_AHEAD)
        .flowOn(Dispatchers.IO)

private const val EVENTS_AHEAD = 16
