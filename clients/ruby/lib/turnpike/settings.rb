# frozen_string_literal: true

module Turnpike
  # Where the gateway is and who is calling. What is wrong raises ArgumentError before anything is connected.
  class Settings
    ADDRESS = %r{\A(?<scheme>https?)://(?<target>(\[\h*:[\h:.]*\]|[^\s/:@?\#\[\]]+):\d{1,5})/?\z}
    private_constant :ADDRESS

    # `host:port`.
    attr_reader :target
    # An API key, `tpk_…`.
    attr_reader :api_key

    # TURNPIKE_URL, `http://host:port` (plaintext) or `https://host:port` (TLS), and TURNPIKE_API_KEY. For TLS also the
    # PEM files TURNPIKE_CA_FILE (instead of the system's authorities), TURNPIKE_CERT_FILE and TURNPIKE_KEY_FILE.
    def self.from_environment(environment = ENV)
      file = ->(name) { read(name, environment[name]) }
      new(url: environment['TURNPIKE_URL'], api_key: environment['TURNPIKE_API_KEY'],
          authorities: file['TURNPIKE_CA_FILE'], certificate: file['TURNPIKE_CERT_FILE'],
          private_key: file['TURNPIKE_KEY_FILE'])
    end

    def self.read(name, path)
      File.read(path) unless path.to_s.empty?
    rescue SystemCallError
      raise ArgumentError, "#{name} names a file that cannot be read"
    end
    private_class_method :read

    def initialize(url:, api_key:, authorities: nil, certificate: nil, private_key: nil)
      address = ADDRESS.match(url.to_s)
      raise ArgumentError, 'TURNPIKE_URL is not of the form http://host:port or https://host:port' unless address
      raise ArgumentError, 'TURNPIKE_API_KEY is not set' if api_key.to_s.empty?
      raise ArgumentError, 'TURNPIKE_CERT_FILE and TURNPIKE_KEY_FILE go together' if !certificate ^ !private_key

      @tls = address[:scheme] == 'https'
      @target = address[:target]
      @api_key = api_key
      @pem = [authorities, private_key, certificate]
    end

    def credentials
      @tls ? GRPC::Core::ChannelCredentials.new(*@pem) : :this_channel_is_insecure
    end

    # Without the key.
    def inspect
      "#<#{self.class} #{target}>"
    end
  end
end
