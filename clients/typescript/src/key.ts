import type { Interceptor } from "@connectrpc/connect";

/** Sends the API key along with every call. Only this function knows it, so that no client can be printed with it. */
export function withKey(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
}
