/**
 * The client of Turnpike, a gRPC gateway in front of many payment providers.
 *
 * <p>{@link turnpike.Turnpike} connects and holds the services; the messages and stubs are
 * generated into {@code turnpike.v1}. Around them is a thin layer: deadlines, retries that cannot
 * charge twice, {@linkplain turnpike.RequestIds request ids}, {@linkplain
 * turnpike.TurnpikeException one error type}, {@linkplain turnpike.Outcome declines}, {@linkplain
 * turnpike.Pages pages}, {@linkplain turnpike.EventFollower events}, {@linkplain turnpike.Webhooks
 * webhooks} and {@linkplain turnpike.Development help for tests}.
 */
package turnpike;
