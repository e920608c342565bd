# C#: messages are generated, nothing more. See clients/csharp/README.md.

csharp_tools() {
    install_buf
    need protoc protobuf-compiler
}

# That the schema can be generated, and that what it holds is there.
csharp_check() {
    csharp_tools
    local made=$scratch/csharp proto name word
    buf generate --template clients/csharp/buf.gen.yaml -o "$made"
    for proto in proto/turnpike/v1/*.proto; do
        name=$(basename "$proto" .proto | sed -E 's/(^|_)(.)/\U\2/g')
        [[ -s $made/Turnpike/V1/$name.cs ]] || fail "$proto was not generated as $name.cs"
    done
    for word in $(sed -nE 's/^(message|enum) ([A-Za-z]+) .*/\2/p' proto/turnpike/v1/*.proto); do
        grep -rqE "public (sealed partial class|enum) $word " "$made/Turnpike" || fail "$word was not generated"
    done
    ! grep -rq 'Buf.Validate' "$made" || fail "the annotations were generated as well"
    echo "$(find "$made" -name '*.cs' | wc -l) files of C# messages can be generated"
}
