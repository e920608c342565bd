# How the Java client and the Kotlin one on top of it are generated, checked and packed. ./test sources this, in the root
# of the repository; clients/README.md says what each function does.

# The generators are those of the libraries that pom.xml names. The formatter is the last that runs on Java 17.
java_protobuf_version=$(sed -n 's:.*<protobuf.version>\(.*\)</protobuf.version>.*:\1:p' clients/java/pom.xml)
java_grpc_version=$(sed -n 's:.*<grpc.version>\(.*\)</grpc.version>.*:\1:p' clients/java/pom.xml)
java_format_version=1.28.0

# Short programs: what the JVM would compile well for later is never used.
java_flags=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto)

java_maven() {
    # What it prints is not an answer of these functions.
    mvn --batch-mode --quiet --no-transfer-progress -Dstyle.color=never "$@" >&2
}

java_need() {
    need javac openjdk-17-jdk-headless
    need mvn maven
}

# Where Maven keeps what it has fetched.
java_repository() {
    echo "${MAVEN_REPO_LOCAL:-$HOME/.m2/repository}"
}

java_tools() {
    java_need
    # The plugins in clients/java/tools are Python.
    python_tools
    local folder platform
    folder=$cache/java-$java_protobuf_version-$java_grpc_version-$java_format_version
    case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform=linux-x86_64 ;;
    Linux-aarch64) platform=linux-aarch_64 ;;
    Darwin-arm64) platform=osx-aarch_64 ;;
    Darwin-x86_64) platform=osx-x86_64 ;;
    *) skip "there is no protoc for Java on $(uname -s) $(uname -m)" ;;
    esac
    lock_cache
    if ! is_installed "$folder"; then
        java_fetch "com.google.protobuf:protoc:$java_protobuf_version:exe:$platform" "$folder/protoc-java"
        java_fetch "io.grpc:protoc-gen-grpc-java:$java_grpc_version:exe:$platform" "$folder/protoc-gen-grpc-java"
        java_fetch "com.google.googlejavaformat:google-java-format:$java_format_version:jar:all-deps" \
            "$folder/google-java-format.jar"
        chmod +x "$folder/protoc-java" "$folder/protoc-gen-grpc-java"
        touch "$folder/complete"
    fi
    unlock_cache
    java_formatter=$folder/google-java-format.jar
    PATH=$folder:$PATH
}

# Fetches one artefact of Maven into a file.
java_fetch() {
    local folder=$2.d
    java_maven org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
        -Dartifact="$1" -DoutputDirectory="$folder" -Dmdep.useBaseVersion=true
    mv "$folder"/* "$2"
    rmdir "$folder"
}

java_generated() {
    echo clients/java/gen
}

java_set_version() {
    local file
    for file in clients/java/pom.xml clients/java/README.md clients/kotlin/pom.xml clients/kotlin/README.md; do
        sed -i.old -e "/<artifactId>turnpike-\(client\|kotlin\)</{n;s:<version>[^<]*<:<version>$1<:;}" \
            -e "s/turnpike-client:[0-9][^\`]*/turnpike-client:$1/" "$file"
        rm "$file.old"
    done
}

java_version() {
    sed -n '/<artifactId>turnpike-client</{n;s:.*<version>\([^<]*\)<.*:\1:p;}' clients/java/pom.xml
}

java_format() {
    local part opens=()
    for part in api code file parser tree util; do
        opens+=("--add-exports=jdk.compiler/com.sun.tools.javac.$part=ALL-UNNAMED")
    done
    find clients/java/src clients/java/contract clients/java/examples -name '*.java' -print0 |
        xargs -0 java "${java_flags[@]}" "${opens[@]}" -jar "$java_formatter" "$@"
}

java_check() {
    java_tools
    local unformatted
    unformatted=$(java_format --dry-run)
    [[ -z $unformatted ]] || fail "not formatted by google-java-format: $unformatted"
    # Compiles with all warnings as errors, those of the documentation among them, and tests.
    java_maven -f clients/java/pom.xml test
    java_documented
}

# The documentation of the layer builds without a warning.
java_documented() {
    javadoc -quiet -Xdoclint:all -Werror --release 11 -encoding UTF-8 -d "$scratch/java-doc" \
        -classpath "clients/java/target/classes:$(<clients/java/target/compile-classpath.txt)" \
        -sourcepath clients/java/src/main/java turnpike
}

# What needs a gateway: TURNPIKE_BINARY is its program.
java_check_served() {
    java_need
    [[ -x ${TURNPIKE_BINARY:-} ]] || fail "TURNPIKE_BINARY names no program"
    java_maven -f clients/java/pom.xml test -Dturnpike.tests=served
    java_check_kotlin
}

# The Kotlin example, on the packed client, against a gateway of its own.
java_check_kotlin() {
    local folder=$scratch/kotlin gateway tries said
    mkdir -p "$folder"
    TURNPIKE_DIST=$folder/dist
    export TURNPIKE_DIST
    java_pack "$TURNPIKE_DIST" >/dev/null
    java_maven -f clients/kotlin/pom.xml package
    "$TURNPIKE_BINARY" dev --grpc 127.0.0.1:0 --simulators 127.0.0.1:0 --data-dir "$folder/data" \
        --ready-file "$folder/ready.json" >"$folder/gateway.log" 2>&1 &
    gateway=$!
    for ((tries = 0; tries < 150; tries++)); do
        [[ ! -s $folder/ready.json ]] || break
        sleep 0.2
    done
    said=$(java_kotlin_example "$folder/ready.json") || {
        kill "$gateway"
        fail "the Kotlin example failed: $said"
    }
    kill "$gateway"
    wait "$gateway" || fail "the gateway ended with an error"
    rm -rf "$(java_repository)/example/turnpike"
    [[ $said == *"paid 29900 NOK"*"session.completed"* ]] || fail "the Kotlin example said: $said"
}

java_kotlin_example() {
    local value="import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])"
    TURNPIKE_URL=http://$(python3 -c "$value" "$1" grpc) TURNPIKE_API_KEY=$(python3 -c "$value" "$1" api_key) \
        timeout 60 java "${java_flags[@]}" \
        -cp "clients/kotlin/target/classes:$(<clients/kotlin/target/classpath.txt)" CheckoutKt
}

# A repository of Maven with the client in it: $1/maven.
java_pack() {
    java_need
    local version folder
    version=$(java_version)
    mkdir -p "$1"
    folder=$(cd "$1" && pwd)/maven
    java_maven -f clients/java/pom.xml deploy -Dmaven.test.skip=true \
        -DaltDeploymentRepository="turnpike::file://$folder"
    # Maven never looks twice for a version that it has.
    rm -rf "$(java_repository)/example/turnpike"
    echo "$folder/example/turnpike/turnpike-client/$version/turnpike-client-$version.jar"
}

java_runner() {
    java_need
    java_maven -f clients/java/pom.xml test-compile
    local built=$PWD/clients/java/target
    runner=(java "${java_flags[@]}" -cp "$built/classes:$built/test-classes:$(<"$built/classpath.txt")"
        turnpike.contract.Main)
}

java_importing() {
    java_need
    java_maven -f clients/java/pom.xml package -DskipTests
    local built=$PWD/clients/java/target
    importing=(java "${java_flags[@]}"
        -cp "$built/turnpike-client-$(java_version).jar:$(<"$built/classpath.txt"):$built/test-classes"
        turnpike.contract.Importing)
}
