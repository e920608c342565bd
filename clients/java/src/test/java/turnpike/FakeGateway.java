package turnpike;

import io.grpc.BindableService;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import turnpike.v1.AccountServiceGrpc;
import turnpike.v1.ListAccountsRequest;
import turnpike.v1.ListAccountsResponse;

/** A gRPC server of the test's own that answers as it is told, and remembers what it was asked. */
final class FakeGateway implements AutoCloseable {
  final List<Metadata> headers = new CopyOnWriteArrayList<>();
  final List<ListAccountsRequest> requests = new CopyOnWriteArrayList<>();
  volatile Consumer<StreamObserver<ListAccountsResponse>> answer = FakeGateway::succeed;

  private final Server server;

  FakeGateway(BindableService... services) throws IOException {
    this(InsecureServerCredentials.create(), services);
  }

  FakeGateway(ServerCredentials credentials, BindableService... services) throws IOException {
    var builder =
        Grpc.newServerBuilderForPort(0, credentials)
            .intercept(new Remembering())
            .addService(new Accounts());
    for (BindableService service : services) {
      builder.addService(service);
    }
    server = builder.build().start();
  }

  static void succeed(StreamObserver<ListAccountsResponse> observer) {
    observer.onNext(ListAccountsResponse.getDefaultInstance());
    observer.onCompleted();
  }

  static Consumer<StreamObserver<ListAccountsResponse>> failing(Status.Code code) {
    return observer ->
        observer.onError(code.toStatus().withDescription("as told").asRuntimeException());
  }

  int port() {
    return server.getPort();
  }

  Turnpike client() {
    return Turnpike.connect("http://127.0.0.1:" + port(), "tpk_test");
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private final class Accounts extends AccountServiceGrpc.AccountServiceImplBase {
    @Override
    public void listAccounts(
        ListAccountsRequest request, StreamObserver<ListAccountsResponse> observer) {
      requests.add(request);
      answer.accept(observer);
    }
  }

  private final class Remembering implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata seen, ServerCallHandler<Q, A> next) {
      headers.add(seen);
      return next.startCall(call, seen);
    }
  }
}
