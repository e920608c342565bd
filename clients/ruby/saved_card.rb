# frozen_string_literal: true

# The life of a saved card: a customer pays and leaves the card behind, and the shop charges it later.
#
#     TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… ruby -I lib -I gen saved_card.rb
#
# It runs against `turnpike dev`, whose sandbox plays the customer. It ends with 0 when all went as told here.

require 'securerandom'
require 'turnpike'

V1 = Turnpike::V1
Mismatch = Class.new(StandardError)

$stdout.sync = true

# Made before the first attempt and kept: whoever repeats a request repeats its id. A shop saves it with the order.
def new_request_id
  SecureRandom.uuid
end

# 499.00 is 49_900: minor units, never a floating-point number.
def kroner(amount_minor)
  V1::Money.new(amount_minor: amount_minor, currency_code: 'NOK')
end

def expect(true_now, what)
  raise Mismatch, "not as expected: #{what}" unless true_now
end

def open_checkout(gateway)
  session = gateway.sessions.create_session(
    V1::CreateSessionRequest.new(
      request_id: new_request_id,
      account: 'dintero-dev',
      money: kroner(49_900),
      merchant_reference: 'order-17',
      purpose: :SESSION_PURPOSE_PAY_AND_SAVE,
      save_card_display: :SAVE_CARD_DISPLAY_ALWAYS,
      future_uses: [:TOKEN_USE_UNSCHEDULED],
      customer: V1::Customer.new(customer_id: 'customer-1', email: 'ada@example.com'),
      return_urls: V1::ReturnUrls.new(success_url: 'https://shop.example/done')
    )
  ).session
  # The address of the page is for the browser: whoever has it can pay.
  expect session.next_action.redirect, 'a page to send the customer to'
  puts "opened #{session.id}"
  session
end

# What a customer does in the browser. Returns the address that the browser comes back to.
def pay_as_customer(gateway, session)
  customer = V1::CustomerScenario.new(session_id: session.id, pay: V1::CustomerPays.new(save_card: true))
  gateway.sandbox.arrange_scenario(V1::ArrangeScenarioRequest.new(customer: customer)).return_url
end

# The browser proves nothing; the gateway asks the provider. Returns the token of the saved card.
def confirm_until_captured(gateway, session, return_url)
  confirmed = gateway.sessions.confirm_session(
    V1::ConfirmSessionRequest.new(
      request_id: new_request_id, session_id: session.id, returned: V1::BrowserReturn.new(url: return_url)
    )
  )
  expect confirmed.tokens.size == 1, 'one saved card'

  deadline = Time.now + 20
  loop do
    payment = gateway.payments.get_payment(V1::GetPaymentRequest.new(payment_id: confirmed.payment.id)).payment
    if payment.state == :PAYMENT_STATE_CAPTURED
      puts "captured #{payment.totals.captured_minor} of #{payment.id}"
      return confirmed.tokens.first.id
    end
    expect Time.now < deadline, 'a captured payment within 20 s'
    sleep 0.1
  end
end

# The same request twice, as after a lost answer: the money is taken once.
def charge_twice(gateway, token_id)
  request = V1::ChargeTokenRequest.new(
    request_id: new_request_id,
    token_id: token_id,
    money: kroner(25_000),
    merchant_reference: 'order-18',
    merchant_initiated: V1::MerchantInitiated.new(reason: :MERCHANT_REASON_UNSCHEDULED)
  )
  first = gateway.payments.charge_token(request)
  expect !first.replayed, 'a first answer'
  puts "charged #{first.payment.id}: #{first.payment.state}"

  again = gateway.payments.charge_token(request)
  expect again.replayed && again.payment.id == first.payment.id, 'the same payment, replayed'
  puts "replayed #{again.payment.id}"
  again.payment
end

# A request with wrong fields is refused with all of them at once, and nothing is sent.
def be_refused(gateway, token_id)
  gateway.payments.charge_token(
    V1::ChargeTokenRequest.new(
      request_id: new_request_id,
      token_id: token_id,
      money: kroner(-5),
      merchant_initiated: V1::MerchantInitiated.new(reason: :MERCHANT_REASON_UNSCHEDULED)
    )
  )
rescue Turnpike::Error => e
  expect e.code == :INVALID_ARGUMENT && e.reason == 'INVALID_FIELD', 'INVALID_FIELD'
  expect e.fields.size == 2 && e.metadata['fields'] == '2', 'two wrong fields'
  puts "refused: #{e.reason}"
  e.fields.sort.each { |path, description| puts "  #{path}: #{description}" }
else
  expect false, 'a refusal'
end

# Reads the log of what became true, up to the event that the charge is captured.
def follow_events(gateway, charge)
  # From the beginning; a shop goes on from the cursor that it has saved.
  event, _cursor = gateway.follow(types: ['payment.*'], within: 30).find do |event, _cursor|
    event.type == 'payment.captured' && event.payment.payment.id == charge.id
  end
  expect event, 'the event of the charge within 30 s'
  puts "event #{event.type} of #{event.payment.payment.id}"
end

begin
  gateway = Turnpike::Gateway.new(Turnpike::Settings.from_environment)
  session = open_checkout(gateway)
  token_id = confirm_until_captured(gateway, session, pay_as_customer(gateway, session))
  charge = charge_twice(gateway, token_id)
  be_refused(gateway, token_id)
  follow_events(gateway, charge)
  puts 'done'
rescue ArgumentError, Turnpike::Error, Mismatch => e
  abort e.message
end
