# frozen_string_literal: true

module Turnpike
  # A connection to the gateway, and a stub for each service. One is enough for a program; threads may share it. After a
  # fork, make another one.
  class Gateway
    # The same in every client: a deadline of 30 s, and what is sent again after which errors.
    SERVICE_CONFIG = File.read(
      $LOAD_PATH.map { |folder| File.join(folder, 'turnpike/service_config.json') }.find { |path| File.exist?(path) }
    ).freeze

    CHANNEL_ARGUMENTS = {
      'grpc.service_config' => SERVICE_CONFIG,
      # After 30 s of silence the other side is asked for a sign of life, and has 10 s to answer.
      'grpc.keepalive_time_ms' => 30_000,
      'grpc.keepalive_timeout_ms' => 10_000,
      'grpc.keepalive_permit_without_calls' => 1,
      # Otherwise gRPC stops asking after two pings without a call in between.
      'grpc.http2.max_pings_without_data' => 0,
      # Reconnecting begins at once, then waits longer and longer.
      'grpc.initial_reconnect_backoff_ms' => 250,
      'grpc.max_reconnect_backoff_ms' => 5_000,
      # This is how long one attempt to connect may take, in spite of its name.
      'grpc.min_reconnect_backoff_ms' => 5_000
    }.freeze

    # Errors after which a stream would end in the same way again.
    USELESS = [GRPC::InvalidArgument, GRPC::NotFound, GRPC::OutOfRange, GRPC::PermissionDenied, GRPC::Unauthenticated,
               GRPC::Unimplemented].freeze
    # Seconds between two attempts to take a stream up again.
    PAUSE_MIN = 0.25
    PAUSE_MAX = 5

    private_constant :SERVICE_CONFIG, :CHANNEL_ARGUMENTS, :USELESS, :PAUSE_MIN, :PAUSE_MAX

    attr_reader :accounts, :events, :payments, :recurring, :sandbox, :sessions, :tokens

    # Connects with the first call.
    def initialize(settings)
      credentials = settings.credentials
      channel = GRPC::ClientStub.setup_channel(nil, settings.target, credentials, CHANNEL_ARGUMENTS.dup)
      calling = Calling.new(settings.api_key)
      stub = lambda do |service|
        service::Stub.new(settings.target, credentials, channel_override: channel, interceptors: [calling])
      end
      @accounts = stub[V1::AccountService]
      @events = stub[V1::EventService]
      @payments = stub[V1::PaymentService]
      @recurring = stub[V1::RecurringService]
      @sandbox = stub[V1::SandboxService]
      @sessions = stub[V1::SessionService]
      @tokens = stub[V1::TokenService]
    end

    # Every event after the cursor `after` for so many seconds, each with the cursor to go on from. A stream that breaks
    # is taken up from the last cursor, so that no event is missed or given twice.
    def follow(within:, after: '', types: [])
      return enum_for(:follow, within: within, after: after, types: types) unless block_given?

      deadline = Time.now + within
      pause = PAUSE_MIN
      while Time.now < deadline
        begin
          # Leaving the block early ends the stream.
          request = V1::StreamEventsRequest.new(after: after, types: types)
          events.stream_events(request, deadline: deadline).each do |answer|
            pause = PAUSE_MIN
            yield answer.event, answer.cursor if answer.event
            # Kept only now: an event counts as read once the block has returned.
            after = answer.cursor
          end
        rescue *USELESS => e
          raise Error, e
        rescue GRPC::BadStatus
          # It broke. What it did not tell, the next one tells.
        end
        sleep(pause.clamp(0, [deadline - Time.now, 0].max))
        pause = [2 * pause, PAUSE_MAX].min
      end
    end
  end
end
