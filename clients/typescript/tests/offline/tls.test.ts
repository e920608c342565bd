import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { AccountService, Turnpike, TurnpikeError } from "turnpike-client";
import { certificates, Server } from "../support/server.js";

const CERTIFICATES = certificates();
const STRANGER = certificates();

function listAccounts(router: Parameters<Parameters<typeof Server.start>[0]>[0]): void {
  router.rpc(AccountService.method.listAccounts, (_, context) => ({
    nextPageToken: context.requestHeader.get("authorization") ?? "nobody",
  }));
}

/** Each takes the time of all attempts, so they run side by side. */
async function refused(why: RegExp, ...clients: Turnpike[]): Promise<void> {
  await Promise.all(
    clients.map(async (turnpike) => {
      await assert.rejects(turnpike.accounts.listAccounts({}), (error: unknown) => {
        assert.ok(error instanceof TurnpikeError);
        assert.equal(error.codeName, "UNAVAILABLE");
        assert.match(error.message, why);
        return true;
      });
      turnpike.close();
    }),
  );
}

test("TLS with an authority of one's own", async (t) => {
  const server = await Server.start(listAccounts, { tls: CERTIFICATES });
  t.after(() => server.stop());
  const { url } = server;
  const turnpike = new Turnpike({ url, apiKey: "tpk_test", tls: { ca: CERTIFICATES.ca } });
  assert.equal((await turnpike.accounts.listAccounts({})).nextPageToken, "Bearer tpk_test");
  turnpike.close();

  const named = {
    TURNPIKE_URL: url,
    TURNPIKE_API_KEY: "tpk_file",
    TURNPIKE_CA_FILE: join(CERTIFICATES.folder, "ca.pem"),
  };
  const fromFiles = Turnpike.fromEnvironment({}, named);
  assert.equal((await fromFiles.accounts.listAccounts({})).nextPageToken, "Bearer tpk_file");
  fromFiles.close();

  await refused(
    /certificate/,
    new Turnpike({ url, apiKey: "tpk_test" }),
    new Turnpike({ url, apiKey: "tpk_test", tls: { ca: STRANGER.ca } }),
  );
});

test("a certificate for another name is refused", async (t) => {
  const elsewhere = certificates("elsewhere.example");
  const server = await Server.start(listAccounts, { tls: elsewhere });
  t.after(() => server.stop());
  await refused(/altnames/, new Turnpike({ url: server.url, apiKey: "tpk_test", tls: { ca: elsewhere.ca } }));
});

test("mutual TLS, without a key", async (t) => {
  const tls = { ...CERTIFICATES, requestCert: true, rejectUnauthorized: true };
  const server = await Server.start(listAccounts, { tls });
  t.after(() => server.stop());
  const { url } = server;
  const { ca, cert, key, folder } = CERTIFICATES;
  const turnpike = new Turnpike({ url, apiKey: null, tls: { ca, cert, key: Buffer.from(key) } });
  assert.equal((await turnpike.accounts.listAccounts({})).nextPageToken, "nobody");
  turnpike.close();

  const fromFiles = Turnpike.fromEnvironment(
    {},
    {
      TURNPIKE_URL: url,
      TURNPIKE_CA_FILE: join(folder, "ca.pem"),
      TURNPIKE_CERT_FILE: join(folder, "cert.pem"),
      TURNPIKE_KEY_FILE: join(folder, "key.pem"),
    },
  );
  assert.equal((await fromFiles.accounts.listAccounts({})).nextPageToken, "nobody");
  fromFiles.close();

  const stranger = { ca, cert: STRANGER.cert, key: STRANGER.key };
  await refused(
    /connection/,
    new Turnpike({ url, apiKey: "tpk_test", tls: { ca } }),
    new Turnpike({ url, apiKey: "tpk_test", tls: stranger }),
  );
});
