# What the example saved_card must do, in whichever language. Sourced by the client.sh of each that has it.

# check_saved_card COMMAND… runs it against the gateway at TURNPIKE_URL, with TURNPIKE_API_KEY.
check_saved_card() {
    local output charge line
    output=$(timeout 120 "$@") || fail "the example failed: $*"
    echo "$output"
    charge=$(sed -n 's/^charged \(pay_[a-z0-9]*\): PAYMENT_STATE_CAPTURED$/\1/p' <<<"$output")
    for line in \
        'opened ses_[a-z0-9]*' \
        'captured 49900 of pay_[a-z0-9]*' \
        "replayed ${charge:-nothing}" \
        'refused: INVALID_FIELD' \
        '  merchant_reference: ..*' \
        '  money\.amount_minor: ..*' \
        "event payment\.captured of ${charge:-nothing}" \
        'done'; do
        grep -qx -- "$line" <<<"$output" || fail "the example did not print: $line"
    done

    saved_card_refused UNAUTHENTICATED env TURNPIKE_API_KEY=tpk_unknown "$@"
    saved_card_refused TURNPIKE_API_KEY env TURNPIKE_API_KEY= "$@"
    saved_card_refused TURNPIKE_URL env TURNPIKE_URL=127.0.0.1:50051 "$@"
    saved_card_refused TURNPIKE_CA_FILE env TURNPIKE_CA_FILE=/nowhere.pem "$@"
    # Nobody listens on port 1.
    saved_card_refused UNAVAILABLE env TURNPIKE_URL=http://127.0.0.1:1 "$@"
}

# saved_card_refused WORD COMMAND…: the example ends with 1 and a line that has the word, and shows no key.
saved_card_refused() {
    local word=$1 code=0 output
    shift
    output=$(timeout 60 "$@" 2>&1) || code=$?
    ((code == 1)) || fail "the example ended with $code instead of 1: $output"
    [[ $output == *"$word"* ]] || fail "the example did not say $word: $output"
    [[ $output != *tpk_* && $output != *"$TURNPIKE_API_KEY"* ]] || fail "the example showed a key"
    echo "refused as it should: $output"
}
