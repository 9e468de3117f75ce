/** The prefix of the token of a child. `run` finds it in the inherited proxy URL when it is called inside `run`. */
export const childTokenPrefix = 'child_'

/** A client token, of a session or of a child: 32 bytes in base64url. */
export const clientToken = new RegExp(`^(?:${childTokenPrefix})?[\\w-]{43}$`)
