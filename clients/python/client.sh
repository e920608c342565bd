# How the Python client is generated, checked and packed. Sourced by ./test; see clients/README.md.

# ---- versions of tools, all of them ----

python_packages=(
    # These make the generated code, and run it.
    grpcio-tools==1.85.1
    protobuf==7.36.2
    mypy-protobuf==5.1.0
    grpcio==1.85.1
    googleapis-common-protos==1.76.0
    # These check it, and pack it.
    ruff==0.17.6
    mypy==2.4.1
    types-grpcio==1.85.0.20261028
    types-protobuf==7.35.1.20260906
    pytest==9.2.0
    build==1.6.1
    setuptools==84.2.1
    # The tests compare with these: traces of OpenTelemetry, certificates that are made up on the spot.
    opentelemetry-api==1.45.2
    trustme==1.2.1
    # The tests of webhooks in the root compare with it. It has no wheel.
    standardwebhooks==1.0.1
)

python_tools() {
    need python3 python3
    local version
    version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    python_folder=$cache/python-$version-$(cksum <<<"${python_packages[*]}" | cut -d ' ' -f 1)
    lock_cache
    if ! is_installed "$python_folder"; then
        python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
        python3 -m venv "$python_folder"
        "$python_folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: \
            --no-binary standardwebhooks "${python_packages[@]}"
        touch "$python_folder/complete"
    fi
    unlock_cache
    PATH=$python_folder/bin:$PATH
}

# The whole folder; the layer lies beside it, in clients/python/src/turnpike.
python_generated() {
    echo clients/python/src/turnpike/v1
}

# Writes the version: the manifest takes it from there, and so does the program.
python_set_version() {
    sed -i "s/^VERSION = .*/VERSION = \"$1\"/" clients/python/src/turnpike/version.py
    grep -q "^VERSION = \"$1\"$" clients/python/src/turnpike/version.py || fail "the version could not be written"
}

# Runs in the client's folder, without leaving anything behind there.
python_in_folder() (
    cd clients/python || exit 1
    export PYTHONDONTWRITEBYTECODE=1 MYPY_CACHE_DIR=$scratch/mypy RUFF_CACHE_DIR=$scratch/ruff
    "$@"
)

python_check() {
    python_tools
    python_in_folder ruff format --check .
    python_in_folder ruff check .
    python_in_folder mypy src examples
    MYPYPATH=src:contract python_in_folder mypy contract
    python_in_folder pytest -p no:cacheprovider tests/unit
}

# The tests that talk to the gateway, the program TURNPIKE_BINARY.
python_check_served() {
    python_tools
    python_in_folder pytest -p no:cacheprovider tests/served
}

python_pack() {
    python_tools
    local copy=$scratch/python-pack
    # A copy: setuptools leaves files of its own beside the manifest.
    rm -rf "$copy"
    mkdir -p "$copy" "$1"
    cp -R clients/python/{src,pyproject.toml,README.md,LICENSE} "$copy"
    rm -rf "$copy"/src/*.egg-info
    # Without isolation: the build backend is the pinned one.
    python3 -m build --wheel --no-isolation --outdir "$1" "$copy" >"$scratch/python-pack.log" 2>&1 ||
        fail "$(tail -n 40 "$scratch/python-pack.log")"
    echo "$1/turnpike-$(sed -n 's/^VERSION = "\(.*\)"/\1/p' clients/python/src/turnpike/version.py)-py3-none-any.whl"
}

python_runner() {
    python_tools
    runner=(env PYTHONDONTWRITEBYTECODE=1 "PYTHONPATH=$PWD/clients/python/src" "$python_folder/bin/python3"
        "$PWD/clients/python/contract")
}

# From the wheel, put and compiled where only this looks, as pip does.
python_importing() {
    python_tools
    local wheel folder=$scratch/python-importing
    wheel=$(python_pack "$folder/wheel")
    python3 -m zipfile -e "$wheel" "$folder/installed"
    python3 -m compileall -q "$folder/installed"
    importing=(env "PYTHONPATH=$folder/installed" "$python_folder/bin/python3" -c "import turnpike; turnpike.Turnpike")
}
