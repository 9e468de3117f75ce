/** `hallpass help agents`: written for a model that works in a shell behind the proxy. */
export function text(): string {
  return `You work behind hallpass if HTTPS_PROXY is http://SESSION:…@127.0.0.1:PORT.
curl -s http://hallpass.internal/ answers if you are connected, and names the session.

What it does
  hallpass adds cookies and tokens to your requests for hosts that the session knows, and saves
  the new cookies of their responses. Send plain requests: no Cookie, no Authorization, no login.
  All other hosts pass through untouched. You hold no secret of any site and need none.
  hallpass refreshes tokens before they expire. If a site still answers 401, hallpass refreshes the
  token and sends the request again before you see an answer. Do not retry in a loop.
  If a tool insists on a key, give it the placeholder that "hallpass token list" prints. On the
  way to its own hosts hallpass replaces it with the secret; for any other known host it refuses.

See what a request would carry, without values
  hallpass explain https://app.example.com/me
  hallpass explain https://app.example.com/me --json
  hallpass session list
  hallpass cookie list
  hallpass token list        with the expiry and the last refresh of each token
  hallpass status --json     needs_login lists the credentials that only the user can mend,
                             site_logins the sites whose login has ended, seems to, or is
                             about to
  hallpass session check     asks the sites that have a probe whether the login is alive

Headers of responses
  Hallpass-Captured: sid     hallpass saved these cookies; HttpOnly ones are hidden from you on
                             purpose
  Hallpass-Warning: not-saved
                             the request succeeded, but its cookies could not be written to disk:
                             do not repeat it
  Hallpass-Session: needs-login
                             a token of the session no longer works, or its login at this site has
                             ended. Stop, and ask the user to type what hallpass status prints.
                             You may start "hallpass token login NAME" for them: with --device
                             --no-wait --json it prints a code and the page to enter it at. Run the
                             same command without --no-wait to wait for the user
  Hallpass-Session: suspect
                             the answer looks as if the login at this site had ended. If you need
                             what you asked for, ask the user to sign in again
  Hallpass-Not-Attached: NAME
                             a credential for this host has no usable value, so the request went
                             without it or with a dead token. hallpass explain URL says why
  Hallpass-Error: CODE       the proxy answered, not the site. The body has two lines: what
                             happened, and what to type
    proxy-auth (407)         your proxy URL is stale, because the proxy was started again: ask for
                             a new "hallpass run" or "hallpass env"
    session-missing (407)    the session has expired or was removed: ask the user for another one
    policy (403)             a rule or --only --strict forbids the request, or a placeholder is on
                             its way to a wrong host: do not look for a way around
    target-refused (403)     link-local addresses, cloud metadata and the proxy's own ports are
                             never reached
    authority-mismatch (421) Host and the host of the URL differ: send the right Host
    body-not-held (413)      a signature covers the body, and the body is larger than "replay" in
                             the configuration
    upstream-… (502, 504)    the site was not reached, or its certificate is not valid; the body
                             names the cause
  A 401 or 403 without Hallpass-Error comes from the site.
  "hallpass run" ends with the status of its child. After the child's output it says on stderr
  what it captured, refused and did not attach, and which token needs a login.

Do not
  · print, log or send HTTPS_PROXY: it contains the client token
  · unset the proxy variables or turn certificate verification off (-k, verify=False): you never
    need to
  · ask for values of cookies or tokens: "cookie get" and "token get" are for the user
  · capture new hosts (--capture) unless the user asked you to sign in there

Every command takes --json (one document on stdout; a failure is
{"error":{"code","message","hint","exit"}} on stderr) and --no-input.
hallpass help exit-codes lists the exit statuses.
`
}
