/** The longest key that is taken, in characters. */
const KEY_LENGTH_MAX = 512;

/** Something that a client is made with is wrong. The message names it, and never shows a key. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** Checks an address: `http://host:port` without TLS, `https://host:port` with it. */
export function checkedUrl(url: string, name: string): string {
  if (!URL.canParse(url)) throw new SettingsError(`${name} is not an address such as https://host:port`);
  const { protocol, username, password, pathname, search, hash, origin } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") {
    throw new SettingsError(`${name} must begin with http:// or https://`);
  }
  if (username !== "" || password !== "")
    throw new SettingsError(`${name} must not hold a name or a password`);
  if (pathname !== "/" || search !== "" || hash !== "") {
    throw new SettingsError(`${name} must end after the port: there is no path`);
  }
  return origin;
}

/** Checks an API key. Null means that there is none. */
export function checkedKey(key: string | null, name: string): string | null {
  if (key === null) return null;
  if (typeof key !== "string" || !/^[!-~]+$/.test(key) || key.length > KEY_LENGTH_MAX) {
    throw new SettingsError(
      `${name} must have from 1 to ${KEY_LENGTH_MAX} printable ASCII characters without spaces`,
    );
  }
  return key;
}

/** Checks a time in milliseconds that has to be a whole number above zero, of a day at most. */
export function checkedMs(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 1 || value > 86_400_000) {
    throw new SettingsError(`${name} must be a whole number of milliseconds from 1 to 86,400,000`);
  }
  return value;
}
