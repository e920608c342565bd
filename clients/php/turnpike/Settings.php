<?php

declare(strict_types=1);

namespace Turnpike;

use InvalidArgumentException;
use SensitiveParameter;

/** Where the gateway is and who is calling. What is wrong throws InvalidArgumentException before anything is sent. */
final class Settings
{
    /**
     * @param string $url `http://host:port`, or `https://host:port` for TLS
     * @param string $apiKey `tpk_…`
     * @param string $caFile PEM, instead of the system's authorities
     * @param string $certificateFile PEM, together with $keyFile, for mutual TLS
     */
    public function __construct(
        public readonly string $url,
        #[SensitiveParameter] public readonly string $apiKey,
        public readonly string $caFile = '',
        public readonly string $certificateFile = '',
        public readonly string $keyFile = '',
    ) {
        if (!preg_match('~^https?://([^\s/:@?#\[\]]+|\[[0-9A-Fa-f:.]+]):[0-9]{1,5}/?$~D', $url)) {
            throw new InvalidArgumentException('TURNPIKE_URL is not of the form http://host:port or https://host:port');
        }
        if ($apiKey === '') {
            throw new InvalidArgumentException('TURNPIKE_API_KEY is not set');
        }
        if (($certificateFile === '') !== ($keyFile === '')) {
            throw new InvalidArgumentException('TURNPIKE_CERT_FILE and TURNPIKE_KEY_FILE go together');
        }
    }

    public static function fromEnvironment(): self
    {
        $file = static function (string $name): string {
            $path = (string) getenv($name);
            if ($path !== '' && !is_readable($path)) {
                throw new InvalidArgumentException("$name names a file that cannot be read");
            }
            return $path;
        };
        return new self(
            (string) getenv('TURNPIKE_URL'),
            (string) getenv('TURNPIKE_API_KEY'),
            $file('TURNPIKE_CA_FILE'),
            $file('TURNPIKE_CERT_FILE'),
            $file('TURNPIKE_KEY_FILE'),
        );
    }

    /** Without the key. */
    public function __debugInfo(): array
    {
        return ['url' => $this->url];
    }
}
