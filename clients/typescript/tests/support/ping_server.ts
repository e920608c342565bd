// A gRPC server as a program of its own: it answers while the program that started it stands still, and tells how
// many connections it has seen.
import { AccountService } from "turnpike-client";
import { Server } from "./server.js";

const server = await Server.start((router) => {
  router.rpc(AccountService.method.listAccounts, () => ({ nextPageToken: `${server.connections}` }));
});
console.log(server.url);
