# frozen_string_literal: true

module Turnpike
  # What happens with every call: the key goes along, and what fails is a Turnpike::Error.
  class Calling < GRPC::ClientInterceptor
    def initialize(api_key)
      super()
      @authorization = "Bearer #{api_key}"
    end

    def request_response(metadata:, **)
      metadata['authorization'] = @authorization
      yield
    rescue GRPC::BadStatus => e
      raise Error, e
    end

    # Its errors come later, when it is read: see Gateway#follow.
    def server_streamer(metadata:, **)
      metadata['authorization'] = @authorization
      yield
    end

    # Without the key: a stub that is printed shows its interceptors.
    def inspect
      "#<#{self.class}>"
    end
  end
  private_constant :Calling
end
