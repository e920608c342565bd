# The Ruby example. See clients/README.md.
source clients/cpp/saved_card_test.sh

ruby_tools() {
    install_buf
    need ruby ruby
    need rake rake
    need protoc protobuf-compiler
    need grpc_ruby_plugin protobuf-compiler-grpc
    ruby_has_grpc || apt_install ruby-grpc
    ruby_has_grpc || skip "there is no grpc for this Ruby (Debian: ruby-grpc)"
}

ruby_has_grpc() {
    ruby -e 'require "grpc"; require "google/rpc/error_details_pb"' 2>/dev/null
}

# The program and what it is generated from, in the folders that it has here.
ruby_pack() {
    local version archive
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    archive=$1/turnpike-ruby-$version.tar.gz
    tar -czf "$archive" --transform 's,^,turnpike-ruby/,' --exclude clients/ruby/gen --exclude '*.sh' \
        buf.yaml proto/turnpike proto/third_party contract/service_config.json clients/ruby
    echo "$archive"
}

ruby_check_served() {
    ruby_tools
    rake --silent --rakefile clients/ruby/Rakefile "generate[$scratch/ruby]"
    check_saved_card ruby -I clients/ruby/lib -I "$scratch/ruby" clients/ruby/saved_card.rb
}
