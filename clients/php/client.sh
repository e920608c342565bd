# The PHP example. See clients/README.md.
source clients/cpp/saved_card_test.sh

php_tools() {
    need php php-cli
    php_has_curl || apt_install php-curl
    php_has_curl || skip "this PHP has no curl (Debian: php-curl)"
}

php_has_curl() {
    php -r 'exit(extension_loaded("curl") ? 0 : 1);'
}

# What needs no server.
php_check() {
    php_tools
    local file
    for file in clients/php/*.php clients/php/turnpike/*.php; do
        php -l "$file" >/dev/null
    done
    php -d error_reporting=-1 clients/php/test.php
}

php_pack() {
    local version archive
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    archive=$1/turnpike-php-$version.tar.gz
    tar -czf "$archive" --transform 's,^clients/php,turnpike-php,' --exclude '*.sh' --exclude test.php clients/php
    echo "$archive"
}

php_check_served() {
    php_tools
    check_saved_card php clients/php/saved_card.php
}
