// JSON values of stories: what `${name}` stands for, and what counts as equal.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Values = Readonly<Record<string, Json>>;

/** What makes a step fail. */
export class Mismatch extends Error {}

export function isObject(value: Json | undefined): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What protobuf's JSON leaves out. */
export function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  if (value === 0 || value === "0" || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** The same value with every `${name}` replaced. */
export function filledIn(value: Json, values: Values): Json {
  if (typeof value === "string") return filledText(value, values);
  if (Array.isArray(value)) return value.map((each) => filledIn(each, values));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filledIn(each, values)]));
}

function filledText(text: string, values: Values): Json {
  const whole = /^\$\{([^{}]+)\}$/.exec(text)?.[1];
  if (whole !== undefined) return known(whole, values);
  return text.replaceAll(/\$\{([^{}]+)\}/g, (_, name: string) => {
    const value = known(name, values);
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}

function known(name: string, values: Values): Json {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new Mismatch(`nobody knows the value \${${name}}`);
  return value;
}
