# How the Go client is built, checked and packed. Sourced by ./test in the root of the repository.

go_protoc_gen_go_version=v1.36.12
go_protoc_gen_go_grpc_version=v1.6.2
go_staticcheck_version=v0.8.2
# What the client builds with is in go.mod.

go_module=turnpike.example/go

go_tools() {
    command -v go >/dev/null || skip "there is no Go here; clients/go/go.mod says which version is needed"
    # The quick start unpacks the artefact.
    need unzip unzip
    local folder=$cache/go-$go_protoc_gen_go_version-$go_protoc_gen_go_grpc_version-$go_staticcheck_version
    lock_cache
    if ! is_installed "$folder"; then
        GOBIN=$folder go install "google.golang.org/protobuf/cmd/protoc-gen-go@$go_protoc_gen_go_version"
        GOBIN=$folder go install "google.golang.org/grpc/cmd/protoc-gen-go-grpc@$go_protoc_gen_go_grpc_version"
        GOBIN=$folder go install "honnef.co/go/tools/cmd/staticcheck@$go_staticcheck_version"
        touch "$folder/complete"
    fi
    unlock_cache
    PATH=$folder:$PATH
}

go_generated() {
    echo clients/go/gen
}

# A Go module has its version from its tag; the program knows it from version.go.
go_set_version() {
    sed -i.old "s/^const Version = \".*\"\$/const Version = \"$1\"/" clients/go/version.go
    rm clients/go/version.go.old
    grep -qx "const Version = \"$1\"" clients/go/version.go || fail "clients/go/version.go has no line for the version"
}

go_version() {
    sed -n 's/^const Version = "\(.*\)"$/\1/p' clients/go/version.go
}

go_check() {
    local unformatted
    unformatted=$(gofmt -l clients/go)
    [[ -z $unformatted ]] || fail "not formatted by gofmt: $unformatted"
    go -C clients/go mod verify
    go -C clients/go mod tidy -diff
    go -C clients/go vet -tags served ./...
    # Generated code is what its generator makes of it.
    (cd clients/go && staticcheck -tags served . ./telemetry ./contract ./served ./examples/... ./internal/...)
    # They mostly wait.
    go_test -parallel 16 ./...
}

go_check_served() {
    [[ -x ${TURNPIKE_BINARY:-} ]] || fail "TURNPIKE_BINARY must be the path of the gateway"
    TURNPIKE_BINARY=$(realpath "$TURNPIKE_BINARY") go_test -tags served ./served
}

# With the race detector, where there is the C compiler that it needs.
go_test() {
    local race=()
    if [[ $(go env CGO_ENABLED) == 1 ]] && command -v "$(go env CC)" >/dev/null; then
        race=(-race)
    fi
    go -C clients/go test -count=1 -timeout 10m ${race[@]+"${race[@]}"} "$@"
}

# The zip is what a module proxy would serve; that the Go command takes it from one is proved before it is given out.
go_pack() {
    local version zip proxy=$scratch/go-proxy
    version=v$(go_version)
    zip=$(realpath "$1")/turnpike-go-${version#v}.zip
    go -C clients/go run -buildvcs=false ./internal/pack "$go_module" "$version" . "$zip"

    local served=$proxy/$go_module/@v
    rm -rf "$proxy"
    mkdir -p "$served"
    cp "$zip" "$served/$version.zip"
    cp clients/go/go.mod "$served/$version.mod"
    echo "{\"Version\":\"$version\"}" >"$served/$version.info"
    GOPROXY=file://$proxy GONOSUMDB=$go_module GOFLAGS=-modcacherw GOMODCACHE=$scratch/go-modules \
        go mod download "$go_module@$version" >&2
    echo "$zip"
}

go_runner() {
    go -C clients/go build -buildvcs=false -o "$scratch/go-runner" ./contract
    runner=("$scratch/go-runner")
}

# A program that makes a client and ends, from the packed module.
go_importing() {
    local folder=$scratch/go-importing zip
    rm -rf "$folder"
    mkdir -p "$folder"
    zip=$(go_pack "$folder")
    unzip -q "$zip" -d "$folder"
    mv "$folder/$go_module@v$(go_version)" "$folder/turnpike"
    cat >"$folder/main.go" <<'END'
package main

import turnpike "turnpike.example/go"

func main() {
	client, err := turnpike.Dial("https://127.0.0.1:1")
	if err != nil {
		panic(err)
	}
	client.Close()
}
END
    # The versions of the module's own go.mod, so that nothing is asked of a proxy that is not in the cache.
    sed "s|^module .*|module importing|" clients/go/go.mod >"$folder/go.mod"
    cp clients/go/go.sum "$folder/go.sum"
    go -C "$folder" mod edit -require "$go_module@v$(go_version)" -replace "$go_module=./turnpike"
    go -C "$folder" build -mod=mod -buildvcs=false -o importing .
    importing=("$folder/importing")
}
