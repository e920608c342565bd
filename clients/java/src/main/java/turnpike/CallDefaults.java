package turnpike;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.util.concurrent.TimeUnit;

/** What every call gets: the key, a deadline unless it has one, and the caller's trace. */
final class CallDefaults implements ClientInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final String authorization;
  private final long deadlineMillis;

  private CallDefaults(Settings settings) {
    authorization = "Bearer " + settings.apiKey;
    deadlineMillis = settings.deadline.toMillis();
  }

  static Channel around(Channel channel, Settings settings) {
    return ClientInterceptors.intercept(channel, new CallDefaults(settings));
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    CallOptions with =
        saysNothing(method, options)
            ? options.withDeadlineAfter(deadlineMillis, TimeUnit.MILLISECONDS)
            : options;
    return new SimpleForwardingClientCall<Q, A>(next.newCall(method, with)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        headers.put(AUTHORIZATION, authorization);
        Telemetry.inject(headers);
        super.start(listener, headers);
      }
    };
  }

  private static boolean saysNothing(MethodDescriptor<?, ?> method, CallOptions options) {
    return method.getType() == MethodType.UNARY
        && options.getDeadline() == null
        && Context.current().getDeadline() == null;
  }
}
