<?php

declare(strict_types=1);

namespace Turnpike;

use UnexpectedValueException;

/** As much of protobuf's wire format as the details of an error need. */
final class Wire
{
    private int $at = 0;

    private function __construct(private readonly string $bytes)
    {
    }

    /**
     * The fields of a message: from number to all its values, oldest first. A text, bytes or a message is a string.
     *
     * @return array<int, list<int|string>>
     */
    public static function fields(string $message): array
    {
        $reader = new self($message);
        $fields = [];
        while ($reader->at < strlen($message)) {
            $key = $reader->varint();
            $fields[$key >> 3][] = match ($key & 7) {
                0 => $reader->varint(),
                1 => $reader->take(8),
                2 => $reader->take($reader->varint()),
                5 => $reader->take(4),
                default => throw new UnexpectedValueException('not a protobuf message'),
            };
        }
        return $fields;
    }

    /**
     * A text of a message; it is empty when it is not there.
     *
     * @param array<int, list<int|string>> $fields
     */
    public static function text(array $fields, int $number): string
    {
        $value = $fields[$number][0] ?? '';
        return is_string($value) ? $value : throw new UnexpectedValueException('a number instead of a text');
    }

    /**
     * A number of a message; it is zero when it is not there.
     *
     * @param array<int, list<int|string>> $fields
     */
    public static function number(array $fields, int $number): int
    {
        $value = $fields[$number][0] ?? 0;
        return is_int($value) ? $value : throw new UnexpectedValueException('a text instead of a number');
    }

    private function varint(): int
    {
        $value = 0;
        for ($shift = 0; $shift < 64; $shift += 7) {
            $byte = ord($this->take(1));
            $value |= ($byte & 0x7f) << $shift;
            if ($byte < 0x80) {
                return $value;
            }
        }
        throw new UnexpectedValueException('a protobuf number that does not end');
    }

    private function take(int $length): string
    {
        if ($length < 0 || $length > strlen($this->bytes) - $this->at) {
            throw new UnexpectedValueException('a protobuf message that is cut off');
        }
        $this->at += $length;
        return substr($this->bytes, $this->at - $length, $length);
    }
}
