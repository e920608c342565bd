// What both entries offer, for Node and for browsers.
export { create } from "@bufbuild/protobuf";
export type { CallOptions } from "@connectrpc/connect";
export { Services } from "./client.js";
export * from "./declines.js";
export { Development, type Fault, type Span } from "./development.js";
export { Code, TurnpikeError, type WrongField } from "./errors.js";
export type { Followed, FollowOptions } from "./events.js";
export * from "./messages.js";
export { items, pages } from "./pages.js";
export * from "./request_ids.js";
export { SettingsError } from "./settings.js";
export { type Refusal, type VerifyOptions, verify, type WebhookHeaders, WebhookRefused } from "./webhooks.js";
