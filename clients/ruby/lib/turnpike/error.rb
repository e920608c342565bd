# frozen_string_literal: true

require 'google/protobuf/well_known_types'
require 'google/rpc/error_details_pb'
require 'google/rpc/status_pb'

module Turnpike
  # A call that failed, with what the gateway says about it; `cause` is gRPC's own error. A decline is no error: it is
  # a state of a payment.
  class Error < StandardError
    NAMES = GRPC::Core::StatusCodes.constants.to_h { |name| [GRPC::Core::StatusCodes.const_get(name), name] }.freeze
    private_constant :NAMES

    # Such as `:NOT_FOUND`.
    attr_reader :code
    # Such as `INVALID_FIELD`: a name of ErrorReason without its prefix. Empty when the gateway was not reached.
    attr_reader :reason
    # What belongs to the reason; the comments of ErrorReason say which keys there are.
    attr_reader :metadata
    # The wrong fields: from path, such as `money.amount_minor`, to description.
    attr_reader :fields
    # The seconds to wait before the same request is sent again. Nil when the gateway does not say.
    attr_reader :retry_after

    # @param failed [GRPC::BadStatus]
    def initialize(failed)
      @code = NAMES.fetch(failed.code, :UNKNOWN)
      @reason = ''
      @metadata = {}
      @fields = {}
      # From the trailer `grpc-status-details-bin`.
      failed.to_rpc_status&.details&.each { |detail| read(detail) }
      super("#{@code}: #{failed.details}")
    end

    private

    def read(detail)
      if (info = detail.unpack(Google::Rpc::ErrorInfo)) && info.domain == 'turnpike'
        @reason = info.reason
        @metadata = info.metadata.to_h
      elsif (bad_request = detail.unpack(Google::Rpc::BadRequest))
        bad_request.field_violations.each { |wrong| @fields[wrong.field] = wrong.description }
      elsif (repeat = detail.unpack(Google::Rpc::RetryInfo))
        @retry_after = repeat.retry_delay.seconds + Rational(repeat.retry_delay.nanos, 1_000_000_000)
      end
    end
  end
end
