package turnpike.contract;

import com.google.gson.JsonElement;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.ServiceDescriptor;
import java.net.URI;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import turnpike.Calls;
import turnpike.Turnpike;
import turnpike.v1.AccountServiceGrpc;
import turnpike.v1.EventServiceGrpc;
import turnpike.v1.PaymentServiceGrpc;
import turnpike.v1.RecurringServiceGrpc;
import turnpike.v1.SandboxServiceGrpc;
import turnpike.v1.SessionServiceGrpc;
import turnpike.v1.TokenServiceGrpc;

/**
 * Makes the calls of a story as the generated stubs make them, with the credentials that a step
 * asks for.
 */
final class Callers implements AutoCloseable {
  private static final long STREAM_SECONDS = 30;

  private static final List<ServiceDescriptor> SERVICES =
      List.of(
          AccountServiceGrpc.getServiceDescriptor(),
          EventServiceGrpc.getServiceDescriptor(),
          PaymentServiceGrpc.getServiceDescriptor(),
          RecurringServiceGrpc.getServiceDescriptor(),
          SandboxServiceGrpc.getServiceDescriptor(),
          SessionServiceGrpc.getServiceDescriptor(),
          TokenServiceGrpc.getServiceDescriptor());

  private final Turnpike turnpike;
  private final Turnpike stranger;
  // The layer has no client without a key.
  private final ManagedChannel keyless;

  Callers(Turnpike turnpike, String url) {
    this.turnpike = turnpike;
    stranger = Turnpike.connect(url, "tpk_unknown");
    URI address = URI.create(url);
    ManagedChannelBuilder<?> builder =
        ManagedChannelBuilder.forAddress(address.getHost(), address.getPort());
    keyless = (url.startsWith("https:") ? builder : builder.usePlaintext()).build();
  }

  /** The method of a call such as {@code PaymentService/ChargeToken}. */
  static MethodDescriptor<Message, Message> method(String call) throws Mismatch {
    for (ServiceDescriptor service : SERVICES) {
      for (MethodDescriptor<?, ?> method : service.getMethods()) {
        if (method.getFullMethodName().equals("turnpike.v1." + call)) {
          @SuppressWarnings("unchecked") // All of them take and give protobuf's messages.
          MethodDescriptor<Message, Message> found = (MethodDescriptor<Message, Message>) method;
          return found;
        }
      }
    }
    throw new Mismatch("there is no call " + call);
  }

  static boolean isStream(MethodDescriptor<Message, Message> method) {
    return method.getType() == MethodType.SERVER_STREAMING;
  }

  static Message request(MethodDescriptor<Message, Message> method, JsonElement json)
      throws Mismatch {
    PrototypeMarshaller<Message> requests =
        (PrototypeMarshaller<Message>) method.getRequestMarshaller();
    return Json.message(requests.getMessagePrototype(), json);
  }

  /** What a step does with the answers of a stream. */
  interface Reader {
    void read(Iterator<Message> answers) throws Mismatch;
  }

  Message call(MethodDescriptor<Message, Message> method, Message request, String credentials)
      throws Mismatch {
    return Calls.blockingUnaryCall(channel(credentials), method, CallOptions.DEFAULT, request);
  }

  /** Ends the stream when the reader has read enough, or after 30 seconds. */
  void stream(
      MethodDescriptor<Message, Message> method, Message request, String credentials, Reader reader)
      throws Mismatch {
    Channel channel = channel(credentials);
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(STREAM_SECONDS, TimeUnit.SECONDS);
    Context.CancellableContext context = Context.current().withCancellation();
    Context before = context.attach();
    try {
      reader.read(Calls.blockingServerStreamingCall(channel, method, options, request));
    } finally {
      context.detach(before);
      context.cancel(null);
    }
  }

  private Channel channel(String credentials) throws Mismatch {
    switch (credentials) {
      case "":
        return turnpike.channel();
      case "none":
        return keyless;
      case "unknown":
        return stranger.channel();
      default:
        throw new Mismatch("there are no credentials " + credentials);
    }
  }

  @Override
  public void close() {
    keyless.shutdownNow();
    stranger.close();
  }
}
