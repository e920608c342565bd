#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

namespace turnpike {

// A call that failed, with what the gateway says about it. A decline is no error: it is a state of a payment.
struct Error : std::runtime_error {
  explicit Error(const grpc::Status& status);

  grpc::StatusCode code;
  // Such as `INVALID_FIELD`: a name of ErrorReason without its prefix. Empty when the gateway was not reached.
  std::string reason;
  // What belongs to the reason; the comments of ErrorReason say which keys there are.
  std::map<std::string, std::string> metadata;
  // The wrong fields: from path, such as `money.amount_minor`, to description.
  std::map<std::string, std::string> fields;
  // How long to wait before the same request is sent again, where the gateway says so.
  std::optional<std::chrono::milliseconds> retry_after;
};

}  // namespace turnpike
