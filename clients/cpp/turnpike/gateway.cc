#include "turnpike/gateway.h"

#include <turnpike/service_config.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace turnpike {
namespace {

using namespace std::chrono_literals;

// After so much silence the other side is asked for a sign of life, and has so long to answer.
constexpr std::chrono::milliseconds kKeepalive = 30s, kKeepaliveTimeout = 10s;
// Reconnecting begins at once, then waits longer and longer.
constexpr std::chrono::milliseconds kReconnectMin = 250ms, kReconnectMax = 5s;

grpc::ChannelArguments ChannelArguments() {
  grpc::ChannelArguments arguments;
  arguments.SetServiceConfigJSON(kServiceConfig);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepalive.count());
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeout.count());
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Otherwise gRPC stops asking after two pings without a call in between.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMin.count());
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMax.count());
  // This is how long one attempt to connect may take, in spite of its name.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kReconnectMax.count());
  return arguments;
}

std::shared_ptr<grpc::ChannelCredentials> Credentials(const Settings& settings, bool tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({
      .pem_root_certs = settings.authorities,
      .pem_private_key = settings.private_key,
      .pem_cert_chain = settings.certificate,
  });
}

// `shop.example:443` or `[::1]:50051`.
bool IsHostAndPort(const std::string& text) {
  const auto colon = text.rfind(':');
  return colon != std::string::npos && colon > 0 && colon + 1 < text.size() &&
         text.find_first_not_of("0123456789", colon + 1) == std::string::npos &&
         text.find_first_of("/?#@ ") == std::string::npos;
}

// The address itself is not repeated: it might hold what somebody took for a password's place.
std::invalid_argument NotAnAddress() {
  return std::invalid_argument("TURNPIKE_URL is not of the form http://host:port or https://host:port");
}

// Whether a stream that ended in this way would end in the same way again.
bool IsUseless(grpc::StatusCode code) {
  switch (code) {
    case grpc::INVALID_ARGUMENT:
    case grpc::NOT_FOUND:
    case grpc::OUT_OF_RANGE:
    case grpc::PERMISSION_DENIED:
    case grpc::UNAUTHENTICATED:
    case grpc::UNIMPLEMENTED:
      return true;
    default:
      return false;
  }
}

}  // namespace

Gateway::Gateway(Settings settings) : authorization_("Bearer " + settings.api_key) {
  const bool tls = settings.url.starts_with("https://");
  if (!tls && !settings.url.starts_with("http://")) throw NotAnAddress();
  const std::string target = settings.url.substr(tls ? 8 : 7);
  if (!IsHostAndPort(target)) throw NotAnAddress();
  channel_ = grpc::CreateCustomChannel(target, Credentials(settings, tls), ChannelArguments());
}

void Gateway::Authorize(grpc::ClientContext& context) const { context.AddMetadata("authorization", authorization_); }

bool Gateway::Follow(v1::StreamEventsRequest request, std::chrono::system_clock::time_point deadline,
                     const std::function<bool(const v1::Event&)>& take) const {
  const auto events = v1::EventService::NewStub(channel_);
  for (auto pause = kReconnectMin;; pause = std::min(2 * pause, kReconnectMax)) {
    grpc::ClientContext context;
    Authorize(context);
    context.set_deadline(deadline);
    // While the gateway is away the call waits for it. A call that failed at once would leave the connecting to nobody:
    // this library works on a connection only while a call of it is under way.
    context.set_wait_for_ready(true);
    const auto stream = events->StreamEvents(&context, request);

    v1::StreamEventsResponse answer;
    while (stream->Read(&answer)) {
      pause = kReconnectMin;
      if (answer.has_event() && !take(answer.event())) {
        context.TryCancel();
        stream->Finish();
        return true;
      }
      // Kept only now: an event counts as read once `take` has returned.
      request.set_after(answer.cursor());
      request.set_only_new(false);
    }
    const grpc::Status status = stream->Finish();
    if (IsUseless(status.error_code())) throw Error(status);
    if (std::chrono::system_clock::now() + pause >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace turnpike
