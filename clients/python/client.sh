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
