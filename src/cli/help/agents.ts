/** `hallpass help agents`: written for a model that works in a shell behind the proxy. */
export function text(): string {
  return `You work behind hallpass when HTTPS_PROXY is http://SESSION:…@127.0.0.1:PORT.
curl -s http://hallpass.internal/ answers when you are connected, and names the session.

What it does
  Requests to hosts that the session knows get its cookies and tokens on the way out; new cookies go into the session
  on the way back. Send plain requests: no Cookie, no Authorization, no login. All other hosts pass through untouched.
  You hold no secret of any site, and need none. Tokens are refreshed before they expire; where a site answers 401 all the
  same, hallpass refreshes the token and sends the request once more before you see anything. Do not retry in a loop.
  A tool that insists on a key gets the placeholder that "hallpass token list" names: on the way to its own hosts it
  becomes the secret, on the way to another one that the session knows it is refused.

See what would go on a request, without values
  hallpass explain https://app.example.com/me
  hallpass explain https://app.example.com/me --json
  hallpass session list · hallpass cookie list · hallpass token list (expiry and last refresh of each)
  hallpass status --json     needs_login lists the credentials that only the user can mend

Headers of responses
  Hallpass-Captured: sid     these cookies were taken into the session; HttpOnly ones are hidden from you on purpose
  Hallpass-Warning: not-saved  the request succeeded, but its cookies could not be written to disk: do not repeat it
  Hallpass-Session: needs-login  a token of the session is used up. Stop, and ask the user to type what hallpass status
                             says: hallpass token login NAME. You may begin it for them: with --device --no-wait --json it
                             prints a code and where to enter it; the same command without --no-wait waits until they have
  Hallpass-Error: CODE       this answer is the proxy's, not the site's; its body has two lines: what happened, what to type
    proxy-auth (407)             your proxy URL is stale: ask for a new "hallpass run" or "hallpass env"
    policy (403)                 a rule or --only --strict forbids it, or a placeholder is on its way to a host that it is
                                 not for: do not look for a way around
    target-refused (403)         link-local, cloud metadata and the proxy's own ports are never reached
    authority-mismatch (421)     Host and the host of the URL differ: send the right Host
    body-not-held (413)          a signature covers the body, which is larger than "replay" in the configuration
    upstream-… (502, 504)        the site was not reached, or its certificate is not valid; the body has the cause
  A 401 or 403 without Hallpass-Error is the site's own: the session may have ended there. Ask the user to sign in again.
  "hallpass run" ends with the status of its child; an error line behind the child's output names a token that needs a login.

Do not
  · print, log or send HTTPS_PROXY elsewhere: it holds the client token
  · unset the proxy variables, or turn certificate verification off (-k, verify=False): nothing here needs it
  · ask for cookie or token values; "cookie get" and "token get" are for the user
  · capture new hosts (--capture) unless the user asked you to sign in there

Every command takes --json (one document on stdout; a failure as {"error":{"code","message","hint","exit"}} on stderr)
and --no-input. hallpass help exit-codes tells the statuses.
`
}
