# The stages of ./test that are about the clients. Every client says in its `client.sh` how it is built,
# checked and packed; what those functions are called and do stands in clients/README.md.

# Whole clients: a layer, a package, a runner of the stories.
client_languages=(go python typescript java rust)
# Examples to copy from, or generated code alone.
example_languages=(cpp ruby php csharp)
# The largest artefact, in bytes. The classes that protobuf's own generator writes for Java are larger by themselves (ADR 28).
artefact_bytes_max=1000000
java_artefact_bytes_max=2100000

for client in clients/*/client.sh; do
    # shellcheck source=/dev/null
    source "$client"
done

is_defined() {
    [[ $(type -t "$1") == function ]]
}

# Says how long something took, and for which language.
timed() {
    local began=$SECONDS
    "$@"
    printf '%-24s%4d s\n' "$1" $((SECONDS - began))
}

# The version of everything is the gateway's.
release_version() {
    sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1
}

# ---- generated code ----

generate_clients() {
    local language path code=0
    for language in "${client_languages[@]}"; do
        "${language}_tools"
    done
    install_buf
    buf generate -o "$scratch/gen"
    for language in "${client_languages[@]}"; do
        for path in $("${language}_generated"); do
            # What buf does not write is written by a test of the gateway: Rust's.
            [[ -e $scratch/gen/$path ]] || continue
            if [[ $write == yes ]]; then
                rm -rf "$path"
                cp -R "$scratch/gen/$path" "$path"
            fi
            diff -r -q -x __pycache__ -x '*.egg-info' "$path" "$scratch/gen/$path" || code=1
        done
    done
    ((code == 0)) || fail "the committed clients are stale: ./test gen --write, then commit"
}

# That every manifest has the gateway's version, and that the retries of all clients are the contract's.
check_versions() {
    local language before
    before=$(git status --porcelain clients)
    for language in "${client_languages[@]}"; do
        "${language}_set_version" "$(release_version)"
    done
    [[ $write == yes || $before == "$(git status --porcelain clients)" ]] ||
        fail "a client has another version than Cargo.toml: it was written, commit it"
}

# ---- the stages ----

stage_clients() {
    local language
    for language in "${client_languages[@]}" "${example_languages[@]}"; do
        "${language}_tools"
        ! is_defined "${language}_check" || timed "${language}_check"
    done

    build_gateway
    TURNPIKE_BINARY=$(realpath "${CARGO_TARGET_DIR:-target}/debug/turnpike")
    export TURNPIKE_BINARY
    for language in "${client_languages[@]}"; do
        ! is_defined "${language}_check_served" || timed "${language}_check_served"
    done
    for language in "${example_languages[@]}"; do
        is_defined "${language}_check_served" || continue
        start_gateway
        timed "${language}_check_served"
        stop_gateway
    done
    python_tools
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=clients/python/src timeout 300 \
        python3 tests/standard_webhooks.py "$TURNPIKE_BINARY"
}

stage_stories() {
    build_gateway
    tell_stories_of "$root"
}

# The clients of the last release, and the stories that they came with, against the gateway of today.
stage_compatibility() {
    local release tree=$scratch/release
    release=${TURNPIKE_PREVIOUS:-$(last_release)}
    if [[ -z $release ]]; then
        echo "there is no release yet: proto/releases holds no descriptor set"
        return
    fi
    git rev-parse --quiet --verify "$release^{commit}" >/dev/null ||
        fail "proto/releases has $release, and the history here has no tag of that name"
    mkdir "$tree"
    git archive "$release" | tar -x -C "$tree"
    build_gateway
    # What its clients need is built already, but for themselves.
    CARGO_TARGET_DIR=$(realpath "${CARGO_TARGET_DIR:-target}")
    export CARGO_TARGET_DIR
    # Its own functions build its own clients with its own versions of tools, in its own folder.
    cd "$tree"
    for client in clients/*/client.sh; do
        # shellcheck source=/dev/null
        source "$client"
    done
    tell_stories_of "$tree"
}

# The newest release that has a descriptor set, such as v0.1.0.
last_release() {
    find proto/releases -name '*.binpb' -exec basename {} .binpb \; | sort -V | tail -n 1
}

# Builds the runners of the tree that this is in, checks its vectors, and tells its stories to one gateway in all languages.
tell_stories_of() {
    local tree=$1 language runner reports=() gateway_binary
    gateway_binary=$(realpath "${CARGO_TARGET_DIR:-target}/debug/turnpike")
    for language in "${client_languages[@]}"; do
        "${language}_tools"
        timed "${language}_runner"
        printf '%s\0' "${runner[@]}" >"$scratch/$language.runner"
    done

    for language in "${client_languages[@]}"; do
        mapfile -d '' -t runner <"$scratch/$language.runner"
        timeout 300 "${runner[@]}" vectors "$tree/contract" "$scratch/vectors-$language.json" >"$scratch/vectors.log" ||
            fail "$language: $(tail -n 40 "$scratch/vectors.log")"
        printf '%-12s%s vectors passed\n' "$language" "$(grep -o '"passed"' "$scratch/vectors-$language.json" | wc -l)"
    done

    # One gateway, and a merchant for each language: nobody moves another's clock.
    start_gateway --merchants $((${#client_languages[@]} + 1))
    local number=1 merchant running=()
    for language in "${client_languages[@]}"; do
        number=$((number + 1))
        merchant=$scratch/contract-$language
        cp -R "$tree/contract" "$merchant"
        sed -i.old "s/-dev\"/-dev-$number\"/g" "$merchant"/stories/*.json "$merchant/accounts.json"
        rm "$merchant"/stories/*.old "$merchant"/*.old
        mapfile -d '' -t runner <"$scratch/$language.runner"
        TURNPIKE_API_KEY=$(merchant_key "$scratch/ready.json" "$number") \
            timeout 600 "${runner[@]}" stories "$merchant" "$scratch/stories-$language.json" \
            >"$scratch/stories-$language.log" 2>&1 &
        running+=("$!")
        reports+=("$scratch/stories-$language.json")
    done
    reports+=("$scratch/stories-turnpike.json")
    "$gateway_binary" contract run --target "$TURNPIKE_ADDRESS" --contract "$tree/contract" \
        --report "$scratch/stories-turnpike.json" >"$scratch/stories-turnpike.log" 2>&1 || true
    # What failed stands in the reports, and in what was printed.
    wait "${running[@]}" || true
    stop_gateway
    if ! python3 "$root/tests/clients/table.py" "$tree/contract" "${reports[@]}"; then
        grep -h -v '^ok' "$scratch"/stories-*.log >&2 || true
        fail "not every story was told as it is written"
    fi
}

stage_walk() {
    need curl curl
    need jq jq
    python_tools
    build_gateway
    start_gateway
    # The call that `dev` prints, as it is pasted.
    bash -c "$(sed -n '/^curl /,/^}/p' "$gateway_log")" 2>/dev/null | jq -e '.session.status == "SESSION_STATUS_OPEN"'
    python3 tests/clients/readme_walk.py
    stop_gateway
}

stage_steady() {
    local language runner
    build_gateway
    for language in "${client_languages[@]}"; do
        "${language}_tools"
        timed "${language}_runner"
        printf '%s\0' "${runner[@]}" >"$scratch/$language.runner"
    done
    python3 -c '
import json, sys
from pathlib import Path
commands = {path.stem: path.read_text().split("\0")[:-1] for path in Path(sys.argv[1]).glob("*.runner")}
print(json.dumps(commands))' "$scratch" >"$scratch/runners.json"
    python3 tests/clients/steady.py "${CARGO_TARGET_DIR:-target}/debug/turnpike" "$scratch/runners.json"
}

stage_packages() {
    local language artefact bytes most importing seconds failed=0
    export TURNPIKE_DIST=$scratch/dist
    # What the quick start of the Rust client builds is here already.
    CARGO_TARGET_DIR=$(realpath "${CARGO_TARGET_DIR:-target}")
    export CARGO_TARGET_DIR
    mkdir "$TURNPIKE_DIST"
    # The quick start of Kotlin would leave its compiler's daemon behind.
    export MAVEN_OPTS="${MAVEN_OPTS:-} -Dkotlin.compiler.daemon=false"
    build_gateway
    printf '%-12s%10s  %-11s%s\n' language bytes 'to import' artefact
    for language in "${client_languages[@]}"; do
        "${language}_tools"
        artefact=$("${language}_pack" "$TURNPIKE_DIST" | tail -n 1)
        bytes=$(stat -c %s "$artefact")
        "${language}_importing"
        seconds=$(python3 tests/clients/best_of.py 5 "${importing[@]}")
        printf '%-12s%10d  %-11s%s\n' "$language" "$bytes" "$seconds s" "$(basename "$artefact")"
        most=${language}_artefact_bytes_max
        ((bytes < ${!most:-artefact_bytes_max})) || failed=1
    done
    ((failed == 0)) || fail "an artefact is too large"

    for language in "${client_languages[@]}" kotlin "${example_languages[@]}"; do
        [[ -e clients/$language/README.md ]] || continue
        grep -q '^## Quick start$' "clients/$language/README.md" || continue
        ! is_defined "${language}_tools" || "${language}_tools"
        if [[ " ${example_languages[*]} " == *" $language "* ]] && is_defined "${language}_pack"; then
            "${language}_pack" "$TURNPIKE_DIST" >/dev/null
        fi
        start_gateway
        python3 tests/clients/quickstart.py "clients/$language/README.md"
        stop_gateway
    done
}

# The API key of the nth merchant.
merchant_key() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["merchants"][int(sys.argv[2]) - 1]["api_key"])' "$@"
}
