# C#: messages are generated, nothing more. See clients/csharp/README.md.

csharp_tools() {
    install_buf
    need protoc protobuf-compiler
}

# That the schema can be generated, and that what it holds is there.
csharp_check() {
    csharp_tools
    local made=$scratch/csharp proto name missing
    buf generate --template clients/csharp/buf.gen.yaml -o "$made"
    for proto in proto/turnpike/v1/*.proto; do
        name=$(basename "$proto" .proto | sed -E 's/(^|_)(.)/\U\2/g')
        [[ -s $made/Turnpike/V1/$name.cs ]] || fail "$proto was not generated as $name.cs"
    done
    missing=$(comm -23 \
        <(sed -nE 's/^(message|enum) ([A-Za-z]+) .*/\2/p' proto/turnpike/v1/*.proto | sort) \
        <(cat "$made"/Turnpike/V1/*.cs | sed -nE 's/^ *public (sealed partial class|enum) ([A-Za-z]+) .*/\2/p' | sort -u))
    [[ -z $missing ]] || fail "not generated: $missing"
    ! grep -rq 'Buf.Validate' "$made" || fail "the annotations were generated as well"
    echo "$(find "$made" -name '*.cs' | wc -l) files of C# messages can be generated"
}
