// The life of a saved card: a customer pays and leaves the card behind, and the shop charges it later.
//
//     TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… ./saved_card
//
// It runs against `turnpike dev`, whose sandbox plays the customer. It ends with 0 when all went as told here.

#include <turnpike/v1/payment_service.grpc.pb.h>
#include <turnpike/v1/sandbox_service.grpc.pb.h>
#include <turnpike/v1/session_service.grpc.pb.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "turnpike/gateway.h"

namespace v1 = turnpike::v1;
using namespace std::chrono_literals;
using turnpike::Gateway;

// Made before the first attempt and kept: whoever repeats a request repeats its id. A shop saves it with the order.
std::string NewRequestId() {
  std::random_device random;
  char id[33];
  std::snprintf(id, sizeof id, "%08x%08x%08x%08x", random(), random(), random(), random());
  return id;
}

void Expect(bool true_now, const std::string& what) {
  if (!true_now) throw std::runtime_error("not as expected: " + what);
}

v1::Session OpenCheckout(const Gateway& gateway) {
  v1::CreateSessionRequest request;
  request.set_request_id(NewRequestId());
  request.set_account("dintero-dev");
  request.mutable_money()->set_amount_minor(49'900);  // 499.00: minor units, never a floating-point number
  request.mutable_money()->set_currency_code("NOK");
  request.set_merchant_reference("order-17");
  request.set_purpose(v1::SESSION_PURPOSE_PAY_AND_SAVE);
  request.set_save_card_display(v1::SAVE_CARD_DISPLAY_ALWAYS);
  request.add_future_uses(v1::TOKEN_USE_UNSCHEDULED);
  request.mutable_customer()->set_customer_id("customer-1");
  request.mutable_customer()->set_email("ada@example.com");
  request.mutable_return_urls()->set_success_url("https://shop.example/done");

  const auto sessions = v1::SessionService::NewStub(gateway.channel());
  v1::Session session = gateway.Call(*sessions, &v1::SessionService::Stub::CreateSession, request).session();
  // The address of the page is for the browser: whoever has it can pay.
  Expect(session.next_action().has_redirect(), "a page to send the customer to");
  std::cout << "opened " << session.id() << std::endl;
  return session;
}

// What a customer does in the browser. Returns the address that the browser comes back to.
std::string PayAsCustomer(const Gateway& gateway, const v1::Session& session) {
  v1::ArrangeScenarioRequest request;
  request.mutable_customer()->set_session_id(session.id());
  request.mutable_customer()->mutable_pay()->set_save_card(true);

  const auto sandbox = v1::SandboxService::NewStub(gateway.channel());
  return gateway.Call(*sandbox, &v1::SandboxService::Stub::ArrangeScenario, request).return_url();
}

// The browser proves nothing; the gateway asks the provider. Returns the token of the saved card.
std::string ConfirmUntilCaptured(const Gateway& gateway, const v1::Session& session, const std::string& return_url) {
  v1::ConfirmSessionRequest confirmation;
  confirmation.set_request_id(NewRequestId());
  confirmation.set_session_id(session.id());
  confirmation.mutable_returned()->set_url(return_url);
  const auto sessions = v1::SessionService::NewStub(gateway.channel());
  const auto confirmed = gateway.Call(*sessions, &v1::SessionService::Stub::ConfirmSession, confirmation);
  Expect(confirmed.tokens_size() == 1, "one saved card");

  const auto payments = v1::PaymentService::NewStub(gateway.channel());
  v1::GetPaymentRequest request;
  request.set_payment_id(confirmed.payment().id());
  const auto until = std::chrono::steady_clock::now() + 20s;
  for (;;) {
    const v1::Payment payment = gateway.Call(*payments, &v1::PaymentService::Stub::GetPayment, request).payment();
    if (payment.state() == v1::PAYMENT_STATE_CAPTURED) {
      std::cout << "captured " << payment.totals().captured_minor() << " of " << payment.id() << std::endl;
      return confirmed.tokens(0).id();
    }
    Expect(std::chrono::steady_clock::now() < until, "a captured payment within 20 s");
    std::this_thread::sleep_for(100ms);
  }
}

v1::ChargeTokenRequest Charge(const std::string& token_id, int64_t amount_minor) {
  v1::ChargeTokenRequest request;
  request.set_request_id(NewRequestId());
  request.set_token_id(token_id);
  request.mutable_money()->set_amount_minor(amount_minor);
  request.mutable_money()->set_currency_code("NOK");
  request.set_merchant_reference("order-18");
  request.mutable_merchant_initiated()->set_reason(v1::MERCHANT_REASON_UNSCHEDULED);
  return request;
}

// The same request twice, as after a lost answer: the money is taken once.
v1::Payment ChargeTwice(const Gateway& gateway, const std::string& token_id) {
  const auto payments = v1::PaymentService::NewStub(gateway.channel());
  const v1::ChargeTokenRequest request = Charge(token_id, 25'000);

  const auto first = gateway.Call(*payments, &v1::PaymentService::Stub::ChargeToken, request);
  Expect(!first.replayed(), "a first answer");
  const v1::Payment& payment = first.payment();
  std::cout << "charged " << payment.id() << ": " << v1::PaymentState_Name(payment.state()) << std::endl;

  const auto again = gateway.Call(*payments, &v1::PaymentService::Stub::ChargeToken, request);
  Expect(again.replayed() && again.payment().id() == payment.id(), "the same payment, replayed");
  std::cout << "replayed " << again.payment().id() << std::endl;
  return again.payment();
}

// A request with wrong fields is refused with all of them at once, and nothing is sent.
void BeRefused(const Gateway& gateway, const std::string& token_id) {
  const auto payments = v1::PaymentService::NewStub(gateway.channel());
  v1::ChargeTokenRequest request = Charge(token_id, -5);
  request.clear_merchant_reference();
  try {
    gateway.Call(*payments, &v1::PaymentService::Stub::ChargeToken, request);
  } catch (const turnpike::Error& error) {
    Expect(error.code == grpc::INVALID_ARGUMENT && error.reason == "INVALID_FIELD", "INVALID_FIELD");
    Expect(error.fields.size() == 2 && error.metadata.at("fields") == "2", "two wrong fields");
    std::cout << "refused: " << error.reason << std::endl;
    for (const auto& [path, description] : error.fields) std::cout << "  " << path << ": " << description << std::endl;
    return;
  }
  Expect(false, "a refusal");
}

// Reads the log of what became true, up to the event that the charge is captured.
void FollowEvents(const Gateway& gateway, const v1::Payment& charge) {
  v1::StreamEventsRequest request;  // from the beginning; a shop goes on from the cursor that it has saved
  request.add_types("payment.*");
  const bool found = gateway.Follow(request, std::chrono::system_clock::now() + 30s, [&](const v1::Event& event) {
    if (event.type() != "payment.captured" || event.payment().payment().id() != charge.id()) return true;
    std::cout << "event " << event.type() << " of " << charge.id() << std::endl;
    return false;
  });
  Expect(found, "the event of the charge within 30 s");
}

int main() {
  try {
    const Gateway gateway(turnpike::Settings::FromEnvironment());
    const v1::Session session = OpenCheckout(gateway);
    const std::string token_id = ConfirmUntilCaptured(gateway, session, PayAsCustomer(gateway, session));
    const v1::Payment charge = ChargeTwice(gateway, token_id);
    BeRefused(gateway, token_id);
    FollowEvents(gateway, charge);
    std::cout << "done" << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
