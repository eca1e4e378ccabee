/** Chromium's names of network errors with the numbers that Electron gives. */
const codes: Record<string, number> = {
  ERR_FAILED: -2,
  ERR_ABORTED: -3,
  ERR_TIMED_OUT: -7,
  ERR_ACCESS_DENIED: -10,
  ERR_BLOCKED_BY_CLIENT: -20,
  ERR_CONNECTION_CLOSED: -100,
  ERR_CONNECTION_RESET: -101,
  ERR_CONNECTION_REFUSED: -102,
  ERR_NAME_NOT_RESOLVED: -105,
  ERR_INTERNET_DISCONNECTED: -106,
  ERR_UNSAFE_PORT: -312,
  ERR_EMPTY_RESPONSE: -324,
};

export function errorCode(text: string): number {
  return codes[text.replace("net::", "")] ?? -2;
}

/** As `loadURL` rejects. */
export function loadError(text: string, url: string): Error {
  const code = text.replace("net::", "");
  const errno = errorCode(text);
  return Object.assign(new Error(`${code} (${errno}) loading '${url}'`), { code, errno, url });
}
