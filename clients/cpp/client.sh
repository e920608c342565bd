# The C++ example. See clients/README.md.
source clients/cpp/saved_card_test.sh

cpp_tools() {
    install_buf
    need c++ g++
    need cmake cmake
    need protoc protobuf-compiler
    need grpc_cpp_plugin protobuf-compiler-grpc
    cpp_has_grpc || { apt_install libprotobuf-dev && apt_install libgrpc++-dev; }
    cpp_has_grpc || skip "there is no gRPC for C++ here (Debian: libgrpc++-dev, libprotobuf-dev)"
}

cpp_has_grpc() {
    c++ -x c++ -fsyntax-only - 2>/dev/null <<'EOF'
#if !__has_include(<grpcpp/grpcpp.h>) || !__has_include(<google/protobuf/message_lite.h>)
#error
#endif
EOF
}

# The program and what it is built from, in the folders that it has here.
cpp_pack() {
    local version archive
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    archive=$1/turnpike-cpp-$version.tar.gz
    tar -czf "$archive" --transform 's,^,turnpike-cpp/,' --exclude '*.sh' \
        buf.yaml proto/turnpike proto/third_party contract/service_config.json clients/cpp
    echo "$archive"
}

cpp_check_served() {
    cpp_tools
    cmake -S clients/cpp -B "$scratch/cpp" >"$scratch/cpp.log" || { cat "$scratch/cpp.log"; fail "cmake failed"; }
    cmake --build "$scratch/cpp" --parallel 2
    check_saved_card "$scratch/cpp/saved_card"
}
