/**
 * Every error code, with the exit status of a command and the HTTP status of the proxy's own answer. A test compares it with
 * docs/errors.md. A message never holds a secret.
 */
export const errorTable = {
  failed: { exit: 1, http: 500, meaning: 'a failure without a code of its own' },
  usage: { exit: 2, http: 400, meaning: 'hallpass does not understand the command line' },
  'config-invalid': {
    exit: 3,
    http: 500,
    meaning: 'the configuration has an error. The message names file, line and column',
  },
  'session-missing': { exit: 4, http: 407, meaning: 'the session does not exist, or has expired' },
  'session-locked': {
    exit: 1,
    http: 423,
    meaning: 'another process has the session in exclusive use. The message names the process',
  },
  'credential-missing': { exit: 4, http: 404, meaning: 'the session has no such credential' },
  'needs-login': {
    exit: 4,
    http: 401,
    meaning: 'the tokens of a credential, or the login at a site, have ended. Sign in again',
  },
  'login-failed': {
    exit: 1,
    http: 400,
    meaning: 'a login was denied, took too long, or got a wrong answer. The message says which',
  },
  'token-server': {
    exit: 6,
    http: 502,
    meaning: 'the authorization server could not be reached, or its answer is not usable',
  },
  'cookie-missing': { exit: 4, http: 404, meaning: 'the session has no such cookie' },
  'storage-missing': { exit: 4, http: 404, meaning: 'the session has no such web storage' },
  'key-missing': { exit: 5, http: 503, meaning: 'the data key is missing' },
  'key-invalid': {
    exit: 5,
    http: 503,
    meaning: 'the key file is damaged, of a wrong size, or from a newer hallpass',
  },
  'key-locked': {
    exit: 5,
    http: 503,
    meaning: 'the data key is protected, and the passphrase or the keyring did not open it',
  },
  'record-damaged': {
    exit: 1,
    http: 503,
    meaning: 'a sealed record was damaged, cut short, changed or moved. hallpass did not touch it',
  },
  'record-foreign-key': {
    exit: 5,
    http: 503,
    meaning: 'a sealed record needs a key that the key file does not list',
  },
  'record-newer': { exit: 1, http: 503, meaning: 'a sealed record was made by a newer hallpass' },
  'state-unsafe': {
    exit: 1,
    http: 503,
    meaning: 'a file or folder of the state is a symlink, belongs to another user, or is open to others',
  },
  'not-saved': {
    exit: 1,
    http: 503,
    meaning:
      'a change could not be written (full disk?), or the disk did not confirm it; the message says which content is there',
  },
  'lock-timeout': { exit: 1, http: 503, meaning: 'another process held the lock of a record for too long' },
  'changed-meanwhile': {
    exit: 1,
    http: 412,
    meaning: 'somebody else changed the record, or made or removed it, since the caller read it',
  },
  busy: { exit: 1, http: 503, meaning: 'the proxy has too much to do for this request. Try again' },
  'body-too-large': {
    exit: 1,
    http: 413,
    meaning: 'the body of a request to the admin API is too large. The message says how much it may be',
  },
  'name-invalid': { exit: 2, http: 400, meaning: 'not a valid name for a session, a credential or a site' },
  'cookie-refused': {
    exit: 1,
    http: 400,
    meaning: 'RFC 6265bis forbids the cookie. The message names the rule',
  },
  'value-invalid': {
    exit: 2,
    http: 400,
    meaning: 'the value of a credential does not have the form that its kind needs',
  },
  'format-invalid': {
    exit: 1,
    http: 400,
    meaning: 'the file to import does not have the format. The message names the line, and quotes nothing',
  },
  'bundle-locked': {
    exit: 5,
    http: 400,
    meaning: 'the passphrase does not open the bundle, or the bundle was altered',
  },
  'browser-missing': { exit: 1, http: 500, meaning: 'no installed browser can open a window' },
  'browser-failed': { exit: 1, http: 500, meaning: 'a browser could not open a window' },
  'profile-missing': {
    exit: 1,
    http: 404,
    meaning: 'the browser has no such profile, or the profile has no cookies',
  },
  'profile-unreadable': {
    exit: 1,
    http: 500,
    meaning: "a browser's store cannot be read: it is locked, damaged, or of an unknown kind",
  },
  'port-taken': { exit: 1, http: 500, meaning: 'another program listens on the address' },
  'already-running': { exit: 1, http: 409, meaning: 'a proxy of this state folder already runs' },
  'not-running': { exit: 1, http: 503, meaning: 'no proxy of this state folder runs' },
  'ca-missing': { exit: 7, http: 500, meaning: 'the certificate authority is missing or damaged' },
  'proxy-auth': { exit: 1, http: 407, meaning: 'the client token is missing, or it has ended' },
  policy: { exit: 1, http: 403, meaning: 'a rule, --only --strict, or the session forbids the request' },
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
  'head-too-large': { exit: 1, http: 431, meaning: 'the header section is too large for the proxy' },
  'body-not-held': {
    exit: 1,
    http: 413,
    meaning: 'a signature needs the whole body, and the body is larger than `replay` allows',
  },
  'upstream-unreachable': {
    exit: 6,
    http: 502,
    meaning: 'the origin could not be reached. The message has the cause',
  },
  'upstream-malformed': {
    exit: 6,
    http: 502,
    meaning: 'the answer of the origin is not valid HTTP/1.1',
  },
  'upstream-certificate': {
    exit: 7,
    http: 502,
    meaning: "the origin's certificate was refused. The message has the reason",
  },
  'upstream-timeout': { exit: 6, http: 504, meaning: 'the origin did not answer in time' },
  'shutting-down': { exit: 1, http: 503, meaning: 'the proxy is stopping and takes no new requests' },
} as const satisfies Record<string, { exit: number; http: number; meaning: string }>

export type ErrorCode = keyof typeof errorTable

/** An expected failure. `hint` is a command, written `hallpass …`. The printer spells it as the user must type it. */
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

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** An unexpected error becomes `failed`, with its own message. */
export function hallpassErrorOf(error: unknown): HallpassError {
  return error instanceof HallpassError
    ? error
    : new HallpassError('failed', messageOf(error), { cause: error })
}
