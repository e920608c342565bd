import type { CallOptions } from "@connectrpc/connect";

/** A list RPC of a client, such as `turnpike.payments.listPayments`. */
type List<Request, Page> = (request: Request, options?: CallOptions) => Promise<Page>;

/** How a page says that there is another one. Events have a cursor; everything else has a token. */
type Page = { nextPageToken: string } | { nextCursor: string; hasMore: boolean };

/** The fields of a page that are lists, such as `payments`. */
type ListField<P> = { [Field in keyof P]: P[Field] extends readonly unknown[] ? Field : never }[keyof P];

/**
 * The pages of a list RPC, each asked for when it is needed.
 *
 * @throws TurnpikeError as the RPC does.
 */
export async function* pages<Request extends object, P extends Page>(
  list: List<Request, P>,
  request: Request,
  options?: CallOptions,
): AsyncGenerator<P, void, undefined> {
  for (let place: Record<string, string> = {}; ; ) {
    const page = await list({ ...request, ...place }, options);
    yield page;
    const next = placeAfter(page);
    if (next === undefined) return;
    if (Object.entries(next).every(([name, text]) => place[name] === text)) {
      throw new Error("the gateway answered with the same place twice, so the list would never end");
    }
    place = next;
  }
}

/**
 * The entries of a list RPC over all its pages: `items(turnpike.payments.listPayments, {}, "payments")`.
 *
 * @throws TurnpikeError as the RPC does.
 */
export async function* items<Request extends object, P extends Page, Field extends ListField<P>>(
  list: List<Request, P>,
  request: Request,
  field: Field,
  options?: CallOptions,
): AsyncGenerator<P[Field] extends readonly (infer Item)[] ? Item : never, void, undefined> {
  for await (const page of pages(list, request, options)) {
    yield* page[field] as Iterable<P[Field] extends readonly (infer Item)[] ? Item : never>;
  }
}

function placeAfter(page: Page): Record<string, string> | undefined {
  if ("hasMore" in page) return page.hasMore ? { after: page.nextCursor } : undefined;
  return page.nextPageToken === "" ? undefined : { pageToken: page.nextPageToken };
}
