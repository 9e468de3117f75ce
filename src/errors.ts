/**
 * The one table of what can go wrong: code → exit status of a command, HTTP status of the proxy's own answer.
 * docs/errors.md is checked against it. A message never holds a secret.
 */
export const errorTable = {
  failed: { exit: 1, http: 500, meaning: 'something failed that has no better name' },
  usage: { exit: 2, http: 400, meaning: 'the command line is not one hallpass understands' },
  'config-invalid': {
    exit: 3,
    http: 500,
    meaning: 'the configuration has an error; the message names file, line and column',
  },
  'session-missing': { exit: 4, http: 403, meaning: 'no session of that name, or it has expired' },
  'credential-missing': { exit: 4, http: 404, meaning: 'no credential of that name in the session' },
  'needs-login': {
    exit: 4,
    http: 401,
    meaning: 'the tokens of a credential are used up; only signing in again helps',
  },
  'login-failed': {
    exit: 1,
    http: 400,
    meaning:
      'a login was denied, ran out, or its answer was not the one that was asked for; the message says which',
  },
  'token-server': {
    exit: 6,
    http: 502,
    meaning: 'the authorization server could not be reached, or gave no answer that can be used',
  },
  'cookie-missing': { exit: 4, http: 404, meaning: 'no such cookie in the session' },
  'key-missing': { exit: 5, http: 503, meaning: 'the data key is not where it should be' },
  'key-invalid': {
    exit: 5,
    http: 503,
    meaning: 'the key file is damaged, of a wrong size, or from a newer hallpass',
  },
  'key-locked': {
    exit: 5,
    http: 503,
    meaning: 'the data key is protected and the passphrase or keyring did not open it',
  },
  'record-damaged': {
    exit: 1,
    http: 503,
    meaning: 'a sealed record is corrupt, truncated, tampered with or moved; it was left as it is',
  },
  'record-foreign-key': {
    exit: 5,
    http: 503,
    meaning: 'a sealed record was made with a key that the key file does not list',
  },
  'record-newer': { exit: 1, http: 503, meaning: 'a sealed record was made by a newer hallpass' },
  'state-unsafe': {
    exit: 1,
    http: 503,
    meaning: 'a file or folder of the state is a symlink, of another user, or open to others',
  },
  'not-saved': {
    exit: 1,
    http: 503,
    meaning: 'a change could not be written (full disk?); what was there before is intact',
  },
  'lock-timeout': { exit: 1, http: 503, meaning: 'another process held the lock of a record for too long' },
  'name-invalid': { exit: 2, http: 400, meaning: 'a session, credential or site name that cannot be one' },
  'cookie-refused': {
    exit: 1,
    http: 400,
    meaning: 'a cookie that RFC 6265bis says must be refused; the message says by which rule',
  },
  'value-invalid': {
    exit: 2,
    http: 400,
    meaning: 'a credential value that does not have the form its kind needs',
  },
  'format-invalid': {
    exit: 1,
    http: 400,
    meaning:
      'a file to import that is not of the format; the message names the line and nothing of the content',
  },
  'bundle-locked': {
    exit: 5,
    http: 400,
    meaning: 'the passphrase does not open the bundle, or the bundle was altered',
  },
  'browser-missing': { exit: 1, http: 500, meaning: 'no browser that could open a window' },
  'browser-failed': { exit: 1, http: 500, meaning: 'the window of a browser could not be opened' },
  'profile-missing': { exit: 1, http: 404, meaning: 'no such profile of a browser, or one without cookies' },
  'profile-unreadable': {
    exit: 1,
    http: 500,
    meaning: "a browser's store that cannot be read: locked, damaged, or of an unknown kind",
  },
  'port-taken': { exit: 1, http: 500, meaning: 'the address to listen on is in use' },
  'already-running': { exit: 1, http: 409, meaning: 'a proxy of this state folder runs already' },
  'not-running': { exit: 1, http: 503, meaning: 'no proxy of this state folder runs' },
  'ca-missing': { exit: 7, http: 500, meaning: 'the certificate authority is missing or damaged' },
  'proxy-auth': { exit: 1, http: 407, meaning: 'no client token, or one that no session knows' },
  policy: { exit: 1, http: 403, meaning: 'a rule, --only --strict, or the session forbids this request' },
  'target-refused': {
    exit: 1,
    http: 403,
    meaning: "the proxy's own ports, link-local and cloud metadata addresses are never a target",
  },
  'authority-mismatch': {
    exit: 1,
    http: 421,
    meaning: 'CONNECT target, SNI and Host do not name the same authority',
  },
  'request-malformed': { exit: 1, http: 400, meaning: 'the request is not valid HTTP/1.1' },
  'head-too-large': { exit: 1, http: 431, meaning: 'the header section is larger than the proxy takes' },
  'body-not-held': {
    exit: 1,
    http: 413,
    meaning: 'a signature needs the whole body, and it is larger than `replay` allows to be held',
  },
  'upstream-unreachable': {
    exit: 6,
    http: 502,
    meaning: 'the origin could not be reached; the message has the cause',
  },
  'upstream-malformed': {
    exit: 6,
    http: 502,
    meaning: 'the origin answered with something that is not valid HTTP/1.1',
  },
  'upstream-certificate': {
    exit: 7,
    http: 502,
    meaning: "the origin's certificate was not accepted; the message has the reason",
  },
  'upstream-timeout': { exit: 6, http: 504, meaning: 'the origin did not answer in time' },
  'shutting-down': { exit: 1, http: 503, meaning: 'the proxy is about to stop and takes no new requests' },
} as const satisfies Record<string, { exit: number; http: number; meaning: string }>

export type ErrorCode = keyof typeof errorTable

/** An expected failure. `hint` is a command to type, spelled `hallpass …`; whoever prints it spells it as it works there. */
export class HallpassError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HallpassError'
    this.code = code
    this.hint = options.hint
  }

  /** Exit status of a command that ends with this error. */
  get exit(): number {
    return errorTable[this.code].exit
  }

  /** Status of the proxy's own answer for this error. */
  get http(): number {
    return errorTable[this.code].http
  }
}

/** What a failure says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** As an expected failure: one that nobody expected is `failed`, in its own words. */
export function hallpassErrorOf(error: unknown): HallpassError {
  return error instanceof HallpassError
    ? error
    : new HallpassError('failed', messageOf(error), { cause: error })
}
