#pragma once

#include <grpcpp/grpcpp.h>
#include <turnpike/v1/event_service.grpc.pb.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "turnpike/error.h"
#include "turnpike/settings.h"

namespace turnpike {

// A connection to the gateway. One is enough for a program: any number of threads may use it at once.
class Gateway {
 public:
  // Connects with the first call. Throws std::invalid_argument for an address that is not one.
  explicit Gateway(Settings settings);

  // For the generated stubs: `v1::PaymentService::NewStub(gateway.channel())`.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Calls `method` of `stub` and returns its answer, or throws Error. The deadline, 30 s, and the retries are those of
  // the service config: only a call that certainly reached nobody, or whose answer was UNAVAILABLE, is sent again.
  template <class Stub, class Request, class Response>
  Response Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                const Request& request) const {
    grpc::ClientContext context;
    Authorize(context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (!status.ok()) throw Error(status);
    return response;
  }

  // Gives every event after `request.after()` to `take`, until `take` returns false or `deadline` passes; returns
  // whether it was the former. A stream that breaks is taken up from the last cursor, so that no event is missed or
  // given twice. Throws Error where going on is useless, as with a wrong key.
  bool Follow(v1::StreamEventsRequest request, std::chrono::system_clock::time_point deadline,
              const std::function<bool(const v1::Event&)>& take) const;

 private:
  void Authorize(grpc::ClientContext& context) const;

  std::string authorization_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace turnpike
