<?php

declare(strict_types=1);

namespace Turnpike;

use CurlHandle;
use Generator;

require_once __DIR__ . '/Error.php';
require_once __DIR__ . '/Settings.php';
require_once __DIR__ . '/Wire.php';

/**
 * A connection to the gateway, which speaks Connect: a POST of JSON for each call. Messages are arrays with the names
 * of protobuf's JSON: fields in lowerCamelCase, enums by name, 64-bit numbers as texts, so that no amount becomes a
 * float. What has its default value is left out of an answer: read it with `??`. Write an empty message as
 * `new stdClass`, because PHP's empty array is a list in JSON.
 */
final class Gateway
{
    // Those of contract/service_config.json, in milliseconds.
    public const DEADLINE = 30_000;
    public const ATTEMPTS_MAX = 5;
    public const BACKOFF_MIN = 250;
    public const BACKOFF_MAX = 2_000;
    /** What is not repeated: a test's clock would be moved twice. */
    public const ONCE = ['SandboxService/ArrangeScenario', 'SandboxService/AdvanceClock'];

    /** How long connecting may take, in milliseconds. */
    public const CONNECT_MAX = 5_000;
    /** The largest answer, in bytes. A page of 200 large payments is longer than gRPC's usual 4 MiB. */
    public const ANSWER_MAX = 16 << 20;
    /** A connection that was idle for more seconds is not used again: something on the way may have forgotten it. */
    public const IDLE_MAX = 20;

    private readonly CurlHandle $curl;

    public function __construct(private readonly Settings $settings)
    {
        $this->curl = curl_init();
    }

    /**
     * Calls a method such as `PaymentService/ChargeToken`. Sent again is only what ended in UNAVAILABLE; the request
     * id sees to it that money moves once, also when an answer was lost.
     *
     * @param array<string, mixed> $request
     * @return array<string, mixed>
     * @throws Error
     */
    public function call(string $method, array $request = []): array
    {
        $body = json_encode((object) $request, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES);
        $deadline = self::now() + self::DEADLINE;
        $backoff = self::BACKOFF_MIN;
        $attempts = in_array($method, self::ONCE, true) ? 1 : self::ATTEMPTS_MAX;
        for ($attempt = 1;; $attempt++) {
            try {
                return $this->attempt($method, $body, max(1, $deadline - self::now()));
            } catch (Error $error) {
                $pause = random_int(0, $backoff);
                $late = self::now() + $pause >= $deadline;
                if ($error->status !== 'unavailable' || $attempt === $attempts || $late) {
                    throw $error;
                }
            }
            usleep($pause * 1000);
            $backoff = min(2 * $backoff, self::BACKOFF_MAX);
        }
    }

    /**
     * The events after a cursor, up to the newest, each with the cursor to keep: `foreach (… as $cursor => $event)`.
     *
     * @param list<string> $types such as `payment.*`; none means all
     * @return Generator<string, array<string, mixed>>
     * @throws Error
     */
    public function events(string $after = '', array $types = []): Generator
    {
        do {
            $page = $this->call('EventService/ListEvents', ['after' => $after, 'types' => $types]);
            foreach ($page['events'] ?? [] as $event) {
                yield $event['cursor'] => $event;
            }
            $after = $page['nextCursor'];
        } while ($page['hasMore'] ?? false);
    }

    /** @return array<string, mixed> */
    private function attempt(string $method, string $body, int $timeout): array
    {
        $answer = '';
        // The connection stays open from call to call; the options do not.
        curl_reset($this->curl);
        curl_setopt_array($this->curl, $this->tls() + [
            CURLOPT_URL => rtrim($this->settings->url, '/') . "/turnpike.v1.$method",
            CURLOPT_POSTFIELDS => $body,
            CURLOPT_HTTPHEADER => [
                'Content-Type: application/json',
                'Connect-Protocol-Version: 1',
                "Connect-Timeout-Ms: $timeout",
                "Authorization: Bearer {$this->settings->apiKey}",
            ],
            CURLOPT_CONNECTTIMEOUT_MS => self::CONNECT_MAX,
            CURLOPT_TIMEOUT_MS => $timeout,
            CURLOPT_MAXAGE_CONN => self::IDLE_MAX,
            CURLOPT_WRITEFUNCTION => static function (CurlHandle $curl, string $part) use (&$answer): int {
                $answer .= $part;
                return strlen($answer) <= self::ANSWER_MAX ? strlen($part) : 0;
            },
        ]);
        if (!curl_exec($this->curl)) {
            throw new Error($this->whyNoAnswer(), curl_error($this->curl));
        }

        $status = curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE);
        $message = json_decode($answer, true, 512, JSON_BIGINT_AS_STRING);
        if ($status === 200 && is_array($message)) {
            return $message;
        }
        if (is_string($message['code'] ?? null)) {
            throw new Error($message['code'], $message['message'] ?? '', $message['details'] ?? []);
        }
        throw new Error(self::meaningOf($status), "answered with HTTP $status, and not by Turnpike");
    }

    private function tls(): array
    {
        return array_filter([
            CURLOPT_CAINFO => $this->settings->caFile,
            CURLOPT_SSLCERT => $this->settings->certificateFile,
            CURLOPT_SSLKEY => $this->settings->keyFile,
        ]);
    }

    private function whyNoAnswer(): string
    {
        $connected = curl_getinfo($this->curl, CURLINFO_PRETRANSFER_TIME) > 0;
        return match (curl_errno($this->curl)) {
            CURLE_OPERATION_TIMEDOUT => $connected ? 'deadline_exceeded' : 'unavailable',
            CURLE_WRITE_ERROR => 'resource_exhausted',
            default => 'unavailable',
        };
    }

    /** What Connect has clients make of an answer that a proxy gave. */
    private static function meaningOf(int $status): string
    {
        return match ($status) {
            400 => 'internal',
            401 => 'unauthenticated',
            403 => 'permission_denied',
            404 => 'unimplemented',
            429, 502, 503, 504 => 'unavailable',
            default => 'unknown',
        };
    }

    /** Milliseconds of a clock that nobody sets. */
    private static function now(): int
    {
        return intdiv(hrtime(true), 1_000_000);
    }
}
