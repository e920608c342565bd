# How the client for TypeScript is built, checked and packed; sourced by ./test in the root. See clients/README.md.
# shellcheck shell=bash

# The last that runs on Node 20. What the client itself is built with is in package.json and package-lock.json.
protoc_gen_es_version=2.13.0

typescript_folder=clients/typescript

typescript_tools() {
    need node nodejs
    need npm npm
    need openssl openssl
    (($(node -p 'process.versions.node.split(".")[0]') >= 20)) || skip "the client for TypeScript needs Node 20"
    local folder=$cache/typescript-$protoc_gen_es_version
    lock_cache
    if ! is_installed "$folder"; then
        npm install --silent --no-save --prefix "$folder" "@bufbuild/protoc-gen-es@$protoc_gen_es_version" >&2
        touch "$folder/complete"
    fi
    typescript_install
    unlock_cache
    PATH=$folder/node_modules/.bin:$PATH
}

# Installs what package-lock.json says, once for each state of it.
typescript_install() {
    local stamp=$typescript_folder/node_modules/.installed sum
    sum=$(cksum <"$typescript_folder/package-lock.json")
    [[ ! -e $stamp || $(<"$stamp") != "$sum" ]] || return 0
    # Nothing here needs the scripts of packages.
    npm --prefix "$typescript_folder" ci --silent --ignore-scripts >&2
    echo "$sum" >"$stamp"
}

typescript_generated() {
    echo "$typescript_folder/gen"
}

typescript_set_version() {
    npm --prefix "$typescript_folder" version --silent --no-git-tag-version --allow-same-version "$1" >/dev/null
}

typescript_check() {
    npm --prefix "$typescript_folder" run --silent check
    npm --prefix "$typescript_folder" test --silent
}

# Needs TURNPIKE_BINARY, the path of the gateway, and a Chromium: TURNPIKE_CHROMIUM, or Debian's.
typescript_check_served() {
    [[ -n ${TURNPIKE_CHROMIUM:-} ]] || need chromium chromium
    TURNPIKE_CHROMIUM=${TURNPIKE_CHROMIUM:-$(command -v chromium)} \
        npm --prefix "$typescript_folder" run --silent test:served
}

typescript_pack() {
    local folder
    folder=$(cd "$1" && pwd)
    npm --prefix "$typescript_folder" run --silent build >&2
    (
        cd "$typescript_folder"
        echo "$folder/$(npm pack --silent --ignore-scripts --pack-destination "$folder")"
    )
}

typescript_runner() {
    npm --prefix "$typescript_folder" run --silent build:all >&2
    # shellcheck disable=SC2034 # ./test reads it.
    runner=(node "$PWD/$typescript_folder/build/contract/runner.js")
}

# The packed artefact, installed as a user has it.
typescript_importing() {
    local folder=$scratch/typescript-importing artefact
    mkdir -p "$folder"
    artefact=$(typescript_pack "$folder")
    npm --prefix "$folder" install --silent --no-save --ignore-scripts "$artefact" >&2
    echo 'import "turnpike-client";' >"$folder/import.mjs"
    # shellcheck disable=SC2034 # ./test reads it.
    importing=(node "$folder/import.mjs")
}
