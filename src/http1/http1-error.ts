/**
 * A message that is not valid HTTP/1.1, or whose end two readers could see in two places. The connection it came on is
 * never used again. `status` is the answer to a client; an origin's malformed answer is always a 502.
 * The text never quotes the message: that may contain a secret, and the text ends up in a log and in a body.
 */
export class Http1Error extends Error {
  readonly status: 400 | 431 | 501 | 505

  constructor(message: string, status: 400 | 431 | 501 | 505 = 400) {
    super(message)
    this.name = 'Http1Error'
    this.status = status
  }
}
