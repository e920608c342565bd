# How the Rust client is built, checked and packed; ./test reads it. clients/README.md says what each function does.
#
# The client is always built together with the gateway: it asks for nothing of a shared dependency that the gateway
# does not ask for as well, so that cargo builds each of them once.

# What is generated comes from build.rs of the gateway, with the versions in Cargo.lock; it needs no other tools.

rust_tools() {
    command -v cargo >/dev/null || skip "there is no cargo here; rustup installs it"
    need cc build-essential
}

rust_generated() {
    echo clients/rust/src/gen
}

# Proves that the generated code is current, or with `--write` writes it.
rust_gen() {
    local write=0
    [[ ${1:-} != --write ]] || write=1
    TURNPIKE_WRITE_GENERATED=$write rust_cargo test --test rust_client
}

rust_set_version() {
    [[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail "$1 is no version"
    sed -i "0,/^version = \".*\"/s//version = \"$1\"/" clients/rust/Cargo.toml
    # By hand: cargo would ask for its registry's index, which a fresh machine does not have yet.
    sed -i "/^name = \"turnpike-client\"$/{n;s/\".*\"/\"$1\"/;}" Cargo.lock
}

# The stages fmt, clippy, features and doc of ./test look at the client together with the gateway.
rust_check() {
    rust_run_tests --lib --test connection --example contract
    # The documentation of the gateway has its own stage; this runs what the client's shows.
    rust_cargo test --doc -- clients/rust/src
}

# Against the gateway whose program TURNPIKE_BINARY names.
rust_check_served() {
    [[ -x ${TURNPIKE_BINARY:-} ]] || fail "TURNPIKE_BINARY names no program"
    rust_cargo build --examples
    rust_run_tests --test served
}

rust_pack() {
    local built
    built=$(rust_target)/package
    rm -f "$built"/turnpike-client-*.crate
    # Not built here: whoever uses the artefact builds it.
    cargo package -p turnpike-client --no-verify --allow-dirty --quiet >&2
    mkdir -p "$1"
    cp "$built"/turnpike-client-*.crate "$1/"
    realpath "$1"/turnpike-client-*.crate
}

rust_runner() {
    rust_cargo build --example contract
    # shellcheck disable=SC2034
    runner=("$(rust_target)/debug/examples/contract")
}

rust_importing() {
    rust_runner
    # shellcheck disable=SC2034
    importing=("${runner[@]}" import)
}

# ---- helpers ----

# cargo for the client and the gateway at once, with all that the client can.
rust_cargo() {
    local command=$1 flags=()
    shift
    [[ ${CI:-} != true ]] || flags+=(--locked)
    cargo "$command" "${flags[@]}" -p turnpike -p turnpike-client --features turnpike-client/opentelemetry "$@"
}

rust_target() {
    realpath -m "${CARGO_TARGET_DIR:-target}"
}

# Builds test programs, and runs those of the client alone.
rust_run_tests() {
    local programs program
    programs=$(rust_cargo test --no-run --message-format json "$@" |
        sed -n '/#turnpike-client@/s/.*"executable":"\([^"]*\)".*/\1/p')
    [[ -n $programs ]] || fail "there are no tests of the Rust client"
    while read -r program; do
        # In its own folder, as cargo does it.
        (cd clients/rust && "$program") </dev/null
    done <<<"$programs"
}
