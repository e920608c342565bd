<?php

// The life of a saved card: a customer pays and leaves the card behind, and the shop charges it later.
//
//     TURNPIKE_URL=http://127.0.0.1:50051 TURNPIKE_API_KEY=tpk_… php saved_card.php
//
// It runs against `turnpike dev`, whose sandbox plays the customer. It ends with 0 when all went as told here.

declare(strict_types=1);

use Turnpike\Error;
use Turnpike\Gateway;
use Turnpike\Settings;

require __DIR__ . '/turnpike/Gateway.php';

final class Mismatch extends Exception
{
}

/** Made before the first attempt and kept: whoever repeats a request repeats its id. A shop saves it with the order. */
function newRequestId(): string
{
    return bin2hex(random_bytes(16));
}

/** 499.00 is '49900': minor units as a text, never a floating-point number. */
function kroner(string $amountMinor): array
{
    return ['amountMinor' => $amountMinor, 'currencyCode' => 'NOK'];
}

function expect(bool $trueNow, string $what): void
{
    $trueNow || throw new Mismatch("not as expected: $what");
}

function openCheckout(Gateway $gateway): string
{
    $session = $gateway->call('SessionService/CreateSession', [
        'requestId' => newRequestId(),
        'account' => 'dintero-dev',
        'money' => kroner('49900'),
        'merchantReference' => 'order-17',
        'purpose' => 'SESSION_PURPOSE_PAY_AND_SAVE',
        'saveCardDisplay' => 'SAVE_CARD_DISPLAY_ALWAYS',
        'futureUses' => ['TOKEN_USE_UNSCHEDULED'],
        'customer' => ['customerId' => 'customer-1', 'email' => 'ada@example.com'],
        'returnUrls' => ['successUrl' => 'https://shop.example/done'],
    ])['session'];
    // The address of the page is for the browser: whoever has it can pay.
    expect(isset($session['nextAction']['redirect']['url']), 'a page to send the customer to');
    echo "opened {$session['id']}\n";
    return $session['id'];
}

/** What a customer does in the browser. Returns the address that the browser comes back to. */
function payAsCustomer(Gateway $gateway, string $sessionId): string
{
    return $gateway->call('SandboxService/ArrangeScenario', [
        'customer' => ['sessionId' => $sessionId, 'pay' => ['saveCard' => true]],
    ])['returnUrl'];
}

/** The browser proves nothing; the gateway asks the provider. Returns the token of the saved card. */
function confirmUntilCaptured(Gateway $gateway, string $sessionId, string $returnUrl): string
{
    $confirmed = $gateway->call('SessionService/ConfirmSession', [
        'requestId' => newRequestId(),
        'sessionId' => $sessionId,
        'returned' => ['url' => $returnUrl],
    ]);
    expect(count($confirmed['tokens'] ?? []) === 1, 'one saved card');

    for ($until = time() + 20; time() < $until; usleep(100_000)) {
        $payment = $gateway->call('PaymentService/GetPayment', ['paymentId' => $confirmed['payment']['id']])['payment'];
        if ($payment['state'] === 'PAYMENT_STATE_CAPTURED') {
            echo "captured {$payment['totals']['capturedMinor']} of {$payment['id']}\n";
            return $confirmed['tokens'][0]['id'];
        }
    }
    throw new Mismatch('not as expected: a captured payment within 20 s');
}

/** The same request twice, as after a lost answer: the money is taken once. Returns the id of the payment. */
function chargeTwice(Gateway $gateway, string $tokenId): string
{
    $request = [
        'requestId' => newRequestId(),
        'tokenId' => $tokenId,
        'money' => kroner('25000'),
        'merchantReference' => 'order-18',
        'merchantInitiated' => ['reason' => 'MERCHANT_REASON_UNSCHEDULED'],
    ];
    $first = $gateway->call('PaymentService/ChargeToken', $request);
    expect(!($first['replayed'] ?? false), 'a first answer');
    echo "charged {$first['payment']['id']}: {$first['payment']['state']}\n";

    $again = $gateway->call('PaymentService/ChargeToken', $request);
    $same = $again['payment']['id'] === $first['payment']['id'];
    expect($same && ($again['replayed'] ?? false), 'the same payment, replayed');
    echo "replayed {$again['payment']['id']}\n";
    return $again['payment']['id'];
}

/** A request with wrong fields is refused with all of them at once, and nothing is sent. */
function beRefused(Gateway $gateway, string $tokenId): void
{
    try {
        $gateway->call('PaymentService/ChargeToken', [
            'requestId' => newRequestId(),
            'tokenId' => $tokenId,
            'money' => kroner('-5'),
            'merchantInitiated' => ['reason' => 'MERCHANT_REASON_UNSCHEDULED'],
        ]);
    } catch (Error $error) {
        expect($error->status === 'invalid_argument' && $error->reason === 'INVALID_FIELD', 'INVALID_FIELD');
        expect(count($error->fields) === 2 && $error->metadata['fields'] === '2', 'two wrong fields');
        echo "refused: {$error->reason}\n";
        foreach ($error->fields as $path => $description) {
            echo "  $path: $description\n";
        }
        return;
    }
    throw new Mismatch('not as expected: a refusal');
}

/** Reads the log of what became true, up to the event that the charge is captured. */
function followEvents(Gateway $gateway, string $paymentId): void
{
    $cursor = ''; // From the beginning; a shop goes on from the cursor that it has saved.
    for ($until = time() + 30; time() < $until; usleep(250_000)) {
        foreach ($gateway->events($cursor, ['payment.*']) as $cursor => $event) {
            if ($event['type'] === 'payment.captured' && $event['payment']['payment']['id'] === $paymentId) {
                echo "event {$event['type']} of $paymentId\n";
                return;
            }
        }
    }
    throw new Mismatch('not as expected: the event of the charge within 30 s');
}

try {
    $gateway = new Gateway(Settings::fromEnvironment());
    $sessionId = openCheckout($gateway);
    $tokenId = confirmUntilCaptured($gateway, $sessionId, payAsCustomer($gateway, $sessionId));
    $paymentId = chargeTwice($gateway, $tokenId);
    beRefused($gateway, $tokenId);
    followEvents($gateway, $paymentId);
    echo "done\n";
} catch (InvalidArgumentException | Error | Mismatch $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
