package turnpike;

import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import java.util.concurrent.TimeUnit;

/**
 * Makes the channel: transport, keepalive and retries. What belongs to a call is in {@link
 * CallDefaults}.
 */
final class Connection {
  /** The largest answer that is taken. A page of 200 payments has a fraction of it. */
  private static final int MAX_ANSWER_BYTES = 16 << 20;

  private Connection() {}

  static ManagedChannel open(Settings settings) {
    ManagedChannel channel =
        Grpc.newChannelBuilderForAddress(settings.host(), settings.port(), settings.credentials())
            .keepAliveTime(settings.keepaliveTime.toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(settings.keepaliveTimeout.toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveWithoutCalls(true)
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            // Nobody's DNS decides what is repeated.
            .disableServiceConfigLookUp()
            .defaultServiceConfig(ServiceConfig.RETRIES)
            .enableRetry()
            .userAgent("turnpike-java")
            .build();
    Reconnecting.watch(channel);
    return channel;
  }
}
