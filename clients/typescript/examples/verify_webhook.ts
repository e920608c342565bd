// Receives one notification, checks that it is the gateway's, and ends.
//
//     WEBHOOK_SECRET=whsec_… PORT=8080 node verify_webhook.js
//     turnpike dev --webhook-to http://127.0.0.1:8080/hooks --webhook-secret whsec_…
//
// During a rotation, WEBHOOK_SECRET holds both secrets with a comma between them.
import { createServer, type IncomingMessage } from "node:http";
import { verify, WebhookRefused } from "turnpike-client/webhooks";

/** More than any event has. Who sends more is not the gateway. */
const BODY_BYTES_MAX = 1024 * 1024;

const secrets = (process.env.WEBHOOK_SECRET ?? "").split(",");

const server = createServer(async (request, response) => {
  const body = await bodyOf(request).catch(() => undefined);
  if (body === undefined) {
    response.writeHead(413).end();
    return;
  }
  try {
    const event = await verify(body, request.headers, secrets);
    // An event may come more than once: a shop notes its id together with what it does about it.
    response.writeHead(204).end();
    console.log(`${event.id}: ${event.type}`);
    server.close();
  } catch (error) {
    response.writeHead(error instanceof WebhookRefused ? 400 : 500).end();
    console.error(error instanceof WebhookRefused ? error.message : error);
  }
});
server.listen(Number(process.env.PORT ?? "8080"), "127.0.0.1", () => {
  const address = server.address();
  console.log(`waiting on port ${typeof address === "object" ? address?.port : address}`);
});

/** The bytes as they come: a body that was parsed and written again has another signature. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += part.length;
    if (length > BODY_BYTES_MAX) throw new Error("too long");
    parts.push(part);
  }
  return Buffer.concat(parts);
}
