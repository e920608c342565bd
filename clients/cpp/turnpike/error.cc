#include "turnpike/error.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

namespace turnpike {
namespace {

// The names that gRPC gives its codes, by their numbers.
const char* NameOf(grpc::StatusCode code) {
  static constexpr const char* names[] = {
      "OK",           "CANCELLED",         "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND",    "ALREADY_EXISTS",    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",      "OUT_OF_RANGE",      "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS",    "UNAUTHENTICATED",
  };
  const auto number = static_cast<std::size_t>(code);
  return number < std::size(names) ? names[number] : "UNKNOWN";
}

}  // namespace

Error::Error(const grpc::Status& status)
    : runtime_error(std::string(NameOf(status.error_code())) + ": " + status.error_message()),
      code(status.error_code()) {
  // The trailer `grpc-status-details-bin`. Details of other types are passed over.
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return;
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (detail.UnpackTo(&info) && info.domain() == "turnpike") {
      reason = info.reason();
      metadata = {info.metadata().begin(), info.metadata().end()};
    } else if (detail.UnpackTo(&bad_request)) {
      for (const auto& wrong : bad_request.field_violations()) fields[wrong.field()] = wrong.description();
    } else if (detail.UnpackTo(&retry)) {
      const auto& delay = retry.retry_delay();
      retry_after = std::chrono::milliseconds(delay.seconds() * 1000 + delay.nanos() / 1'000'000);
    }
  }
}

}  // namespace turnpike
