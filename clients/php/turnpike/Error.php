<?php

declare(strict_types=1);

namespace Turnpike;

use RuntimeException;
use UnexpectedValueException;

/** A call that failed, with what the gateway says about it. A decline is no error: it is a state of a payment. */
final class Error extends RuntimeException
{
    /** Such as `INVALID_FIELD`: a name of ErrorReason without its prefix. Empty when the gateway did not answer. */
    public readonly string $reason;

    /** @var array<string, string> what belongs to the reason; the comments of ErrorReason say which keys there are */
    public readonly array $metadata;

    /** @var array<string, string> the wrong fields: from path, such as `money.amount_minor`, to description */
    public readonly array $fields;

    /** Milliseconds to wait before the same request is sent again, where the gateway says so. */
    public readonly ?int $retryAfterMs;

    /**
     * @param string $status gRPC's name of what went wrong, in lower case, such as `not_found`
     * @param list<array{type: string, value: string}> $details as Connect writes them
     */
    public function __construct(public readonly string $status, string $message, array $details = [])
    {
        parent::__construct(strtoupper($status) . ": $message");
        $read = ['reason' => '', 'metadata' => [], 'fields' => [], 'retryAfterMs' => null];
        foreach ($details as $detail) {
            try {
                $bytes = (string) base64_decode($detail['value'] ?? '');
                $read = [...$read, ...self::read($detail['type'] ?? '', $bytes)];
            } catch (UnexpectedValueException) {
                // A detail that is broken: the code and the message stand without it.
            }
        }
        $this->reason = $read['reason'];
        $this->metadata = $read['metadata'];
        $this->fields = $read['fields'];
        $this->retryAfterMs = $read['retryAfterMs'];
    }

    /**
     * What a detail adds to the above.
     *
     * @throws UnexpectedValueException
     */
    private static function read(string $type, string $bytes): array
    {
        switch ($type) {
            case 'google.rpc.ErrorInfo':
                $info = Wire::fields($bytes);
                $ours = Wire::text($info, 2) === 'turnpike';
                return $ours ? ['reason' => Wire::text($info, 1), 'metadata' => self::texts($info[3] ?? [])] : [];
            case 'google.rpc.BadRequest':
                return ['fields' => self::texts(Wire::fields($bytes)[1] ?? [])];
            case 'google.rpc.RetryInfo':
                $delay = Wire::fields(Wire::text(Wire::fields($bytes), 1));
                return ['retryAfterMs' => Wire::number($delay, 1) * 1000 + intdiv(Wire::number($delay, 2), 1_000_000)];
            default:
                return [];
        }
    }

    /**
     * From the first text of each message to the second: so a map is written, and a list of field violations.
     *
     * @param list<string> $messages
     * @return array<string, string>
     */
    private static function texts(array $messages): array
    {
        $texts = [];
        foreach ($messages as $message) {
            $pair = Wire::fields((string) $message);
            $texts[Wire::text($pair, 1)] = Wire::text($pair, 2);
        }
        return $texts;
    }
}
