import { isEmpty, isObject, type Json, Mismatch } from "./values.js";

/**
 * Compares what came with what a story expects. Returns the values that `$save` took.
 *
 * @throws Mismatch that says where and what.
 */
export function match(expected: Json, seen: Json | undefined, path = "answer"): Record<string, Json> {
  const matcher = matcherOf(expected);
  if (matcher !== undefined) return matchers(matcher[0])(matcher[1], seen, path);
  if (isEmpty(expected) && isEmpty(seen)) return {};
  if (Array.isArray(expected)) {
    if (!Array.isArray(seen) || seen.length !== expected.length) throw differs(expected, seen, path);
    return Object.assign({}, ...expected.map((each, index) => match(each, seen[index], `${path}[${index}]`)));
  }
  if (isObject(expected)) {
    if (!isObject(seen)) throw differs(expected, seen, path);
    const parts = Object.entries(expected).map(([name, each]) => match(each, seen[name], `${path}.${name}`));
    return Object.assign({}, ...parts);
  }
  if (!isSame(expected, seen)) throw differs(expected, seen, path);
  return {};
}

/** How long a date is, such as 2026-01-31. */
const DATE_LENGTH = 10;

type Matcher = (argument: Json, seen: Json | undefined, path: string) => Record<string, Json>;

function matcherOf(expected: Json): [string, Json] | undefined {
  if (!isObject(expected)) return undefined;
  const entries = Object.entries(expected);
  return entries.length === 1 && entries[0]?.[0].startsWith("$") ? entries[0] : undefined;
}

function matchers(name: string): Matcher {
  const matcher = MATCHERS[name];
  if (matcher === undefined) throw new Mismatch(`there is no matcher ${name}`);
  return matcher;
}

const MATCHERS: Record<string, Matcher> = {
  $save: (name, seen, path) => {
    if (typeof name !== "string") throw new Mismatch("$save needs a name");
    if (seen === undefined || isEmpty(seen)) throw new Mismatch(`${path}: expected something, saw nothing`);
    return { [name]: seen };
  },
  $save_date: (name, seen, path) => {
    if (typeof name !== "string") throw new Mismatch("$save_date needs a name");
    if (typeof seen !== "string" || seen.length < DATE_LENGTH)
      throw new Mismatch(`${path}: expected a time, saw ${JSON.stringify(seen) ?? "nothing"}`);
    return { [name]: seen.slice(0, DATE_LENGTH) };
  },
  $any: (_, seen, path) => {
    if (isEmpty(seen)) throw new Mismatch(`${path}: expected something, saw nothing`);
    return {};
  },
  $absent: (_, seen, path) => {
    if (!isEmpty(seen)) throw new Mismatch(`${path}: expected nothing, saw ${JSON.stringify(seen)}`);
    return {};
  },
  $one_of: (choices, seen, path) => {
    for (const choice of listOf(choices, "$one_of")) {
      const saved = attempt(choice, seen, path);
      if (saved !== undefined) return saved;
    }
    throw differs({ $one_of: choices }, seen, path);
  },
  $matches: (pattern, seen, path) => {
    if (typeof pattern !== "string") throw new Mismatch("$matches needs a text");
    if (typeof seen !== "string" || !new RegExp(pattern).test(seen))
      throw differs({ $matches: pattern }, seen, path);
    return {};
  },
  $has: (entries, seen, path) => {
    if (!Array.isArray(seen)) throw differs({ $has: entries }, seen, path);
    const saved = listOf(entries, "$has").map((entry) => {
      for (const each of seen) {
        const found = attempt(entry, each, path);
        if (found !== undefined) return found;
      }
      throw new Mismatch(`${path}: ${JSON.stringify(entry)} is missing in ${JSON.stringify(seen)}`);
    });
    return Object.assign({}, ...saved);
  },
};

/** As `match`, or undefined for a mismatch. */
export function attempt(
  expected: Json,
  seen: Json | undefined,
  path = "answer",
): Record<string, Json> | undefined {
  try {
    return match(expected, seen, path);
  } catch (error) {
    // A story that is wrong in itself is no mere mismatch, but it fails the step in the end all the same.
    if (error instanceof Mismatch) return undefined;
    throw error;
  }
}

function listOf(value: Json, matcher: string): Json[] {
  if (!Array.isArray(value)) throw new Mismatch(`${matcher} needs a list`);
  return value;
}

/** Numbers and texts that spell the same are equal. */
function isSame(expected: Json, seen: Json | undefined): boolean {
  const spelt = (value: Json | undefined) => (typeof value === "number" ? String(value) : value);
  return spelt(expected) === spelt(seen);
}

function differs(expected: Json, seen: Json | undefined, path: string): Mismatch {
  return new Mismatch(
    `${path}: expected ${JSON.stringify(expected)}, saw ${JSON.stringify(seen) ?? "nothing"}`,
  );
}
