# frozen_string_literal: true

require 'grpc'
require 'turnpike/v1/account_service_services_pb'
require 'turnpike/v1/event_service_services_pb'
require 'turnpike/v1/payment_service_services_pb'
require 'turnpike/v1/recurring_service_services_pb'
require 'turnpike/v1/sandbox_service_services_pb'
require 'turnpike/v1/session_service_services_pb'
require 'turnpike/v1/token_service_services_pb'
require 'turnpike/calling'
require 'turnpike/error'
require 'turnpike/gateway'
require 'turnpike/settings'
