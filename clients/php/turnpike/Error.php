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
        $reason = '';
        $metadata = $fields = [];
        $retryAfterMs = null;
        foreach ($details as $detail) {
            try {
                $value = Wire::fields((string) base64_decode($detail['value'] ?? ''));
            } catch (UnexpectedValueException) {
                continue; // The code and the message stand without it.
            }
            switch ($detail['type'] ?? '') {
                case 'google.rpc.ErrorInfo':
                    [$reason, $metadata] = [$value[1][0] ?? '', self::texts($value[3] ?? [])];
                    break;
                case 'google.rpc.BadRequest':
                    $fields = self::texts($value[1] ?? []);
                    break;
                case 'google.rpc.RetryInfo':
                    $delay = Wire::fields($value[1][0] ?? '');
                    $retryAfterMs = ($delay[1][0] ?? 0) * 1000 + intdiv($delay[2][0] ?? 0, 1_000_000);
                    break;
            }
        }
        [$this->reason, $this->metadata, $this->fields] = [$reason, $metadata, $fields];
        $this->retryAfterMs = $retryAfterMs;
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
            $pair = Wire::fields($message);
            $texts[$pair[1][0] ?? ''] = $pair[2][0] ?? '';
        }
        return $texts;
    }
}
