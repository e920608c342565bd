<?php

// What can be checked without a server: php test.php

declare(strict_types=1);

use Turnpike\Error;
use Turnpike\Gateway;
use Turnpike\Settings;
use Turnpike\Wire;

require __DIR__ . '/turnpike/Gateway.php';

$checks = [
    'deadlines and retries are those of all clients' => static function (): void {
        $text = file_get_contents(__DIR__ . '/../../contract/service_config.json');
        $config = json_decode($text, true, 512, JSON_THROW_ON_ERROR)['methodConfig'][0];
        $retries = $config['retryPolicy'];
        $milliseconds = static fn (string $seconds): int => (int) round(1000 * (float) rtrim($seconds, 's'));
        same(Gateway::DEADLINE, $milliseconds($config['timeout']));
        same(Gateway::ATTEMPTS_MAX, $retries['maxAttempts']);
        same(Gateway::BACKOFF_MIN, $milliseconds($retries['initialBackoff']));
        same(Gateway::BACKOFF_MAX, $milliseconds($retries['maxBackoff']));
        same(2, $retries['backoffMultiplier']);
        same(['UNAVAILABLE'], $retries['retryableStatusCodes']);
    },

    'an error tells what its details say' => static function (): void {
        $error = new Error('invalid_argument', '2 fields are wrong', [
            ['type' => 'google.rpc.ErrorInfo', 'value' => 'Cg1JTlZBTElEX0ZJRUxEEgh0dXJucGlrZRoLCgZmaWVsZHMSATI'],
            ['type' => 'google.rpc.BadRequest', 'value' => 'CgYKAWESAWIKBgoBYxIBZA=='],
            ['type' => 'google.rpc.SomethingNew', 'value' => base64_encode("\x08\x01")],
        ]);
        same('INVALID_ARGUMENT: 2 fields are wrong', $error->getMessage());
        same(['invalid_argument', 'INVALID_FIELD'], [$error->status, $error->reason]);
        same(['fields' => '2'], $error->metadata);
        same(['a' => 'b', 'c' => 'd'], $error->fields);
        same(null, $error->retryAfterMs);
    },

    'the pause before a repetition is read to the millisecond' => static function (): void {
        // 300 s and 250,000,000 ns.
        $retry = "\x0a\x08\x08\xac\x02\x10\x80\xe5\x9a\x77";
        $error = new Error('unavailable', '', [['type' => 'google.rpc.RetryInfo', 'value' => base64_encode($retry)]]);
        same(300_250, $error->retryAfterMs);
    },

    'an error with broken details is still an error' => static function (): void {
        $error = new Error('internal', 'broken', [
            ['type' => 'google.rpc.ErrorInfo', 'value' => base64_encode("\x0a\x7fcut")],
            ['type' => 'google.rpc.BadRequest', 'value' => base64_encode("\x0a\x02\x0a\x7f")],
            ['type' => 'google.rpc.ErrorInfo', 'value' => base64_encode("\x08\x01\x12\x08turnpike")],
            ['type' => 'google.rpc.ErrorInfo', 'value' => base64_encode("\x0a\x05OTHER\x12\x05other")],
            ['value' => '*'],
        ]);
        same('INTERNAL: broken', $error->getMessage());
        same(['', [], []], [$error->reason, $error->metadata, $error->fields]);
    },

    'what is not a protobuf message is refused' => static function (): void {
        $message = "\x0a\x01a\x0a\x01b\x10\xac\x02\x19" . '12345678' . "\x25" . '1234';
        same([1 => ['a', 'b'], 2 => [300], 3 => ['12345678'], 4 => ['1234']], Wire::fields($message));
        $endless = str_repeat("\xff", 11);
        $negative = "\x0a" . str_repeat("\xff", 9) . "\x01";
        foreach (["\x0a\x02a", "\x0b", "\xff", $endless, $negative] as $bytes) {
            refused(UnexpectedValueException::class, '', static fn () => Wire::fields($bytes));
        }
    },

    'wrong settings are named, and the key is not' => static function (): void {
        foreach (['http://127.0.0.1:50051', 'https://[::1]:443/', 'http://gateway:1'] as $url) {
            same($url, (new Settings($url, 'tpk_secret'))->url);
        }
        $wrong = ['', 'gateway:1', 'ftp://gateway:1', 'http://gateway', 'http://gateway:1/x', 'http://me@gateway:1'];
        foreach ([...$wrong, "http://gateway:1\n"] as $url) {
            refused(InvalidArgumentException::class, 'TURNPIKE_URL', static fn () => new Settings($url, 'tpk_secret'));
        }
        $keyless = static fn () => new Settings('http://gateway:1', '');
        refused(InvalidArgumentException::class, 'TURNPIKE_API_KEY', $keyless);
        $half = static fn () => new Settings('http://gateway:1', 'tpk_secret', certificateFile: 'a.pem');
        refused(InvalidArgumentException::class, 'TURNPIKE_KEY_FILE', $half);
    },

    'a gateway that is printed shows no key' => static function (): void {
        $gateway = new Gateway(new Settings('http://gateway:1', 'tpk_secret'));
        ob_start();
        var_dump($gateway);
        same(false, str_contains(ob_get_clean() . print_r($gateway, true), 'tpk_'));
    },
];

function same(mixed $wanted, mixed $seen): void
{
    $wanted === $seen || throw new Exception('wanted ' . json_encode($wanted) . ', saw ' . json_encode($seen));
}

function refused(string $class, string $word, Closure $what): void
{
    try {
        $what();
    } catch (Exception $error) {
        same($class, $error::class);
        same(true, str_contains($error->getMessage(), $word) && !str_contains($error->getMessage(), 'tpk_'));
        return;
    }
    throw new Exception("not refused: $class $word");
}

$failed = 0;
foreach ($checks as $name => $check) {
    try {
        $check();
        echo "ok      $name\n";
    } catch (Throwable $error) {
        $failed++;
        echo "FAILED  $name: {$error->getMessage()}\n";
    }
}
printf("%d passed, %d failed\n", count($checks) - $failed, $failed);
exit($failed ? 1 : 0);
