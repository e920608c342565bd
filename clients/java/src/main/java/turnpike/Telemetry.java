package turnpike;

import io.grpc.Metadata;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapSetter;

/** Sends the caller's OpenTelemetry context along, where the program has OpenTelemetry. */
final class Telemetry {
  private static final boolean IS_THERE = isThere();

  private Telemetry() {}

  static void inject(Metadata headers) {
    if (IS_THERE) {
      Bridge.inject(headers);
    }
  }

  private static boolean isThere() {
    try {
      Class.forName(
          "io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator",
          false,
          Telemetry.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError none) {
      return false;
    }
  }

  /** A class of its own, so that nothing of OpenTelemetry is loaded where there is none. */
  private static final class Bridge {
    private static final TextMapSetter<Metadata> SETTER =
        (headers, name, value) ->
            headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);

    static void inject(Metadata headers) {
      W3CTraceContextPropagator.getInstance().inject(Context.current(), headers, SETTER);
    }
  }
}
