/** `hallpass help exit-codes`; the statuses themselves are in the table of src/errors.ts. */
export function text(): string {
  return `Exit status of every command:

  0    done
  1    failed
  2    usage: the command line is not one hallpass understands
  3    bad configuration, or a Node that is too old
  4    a session, credential or cookie is missing, or needs a login
  5    the key is missing, damaged or locked
  6    the origin, or the server that issues tokens, cannot be reached
  7    certificate or trust
  8    done in part; stderr says what was left
  130  given up, at a prompt or a window; nothing is half-done

hallpass run gives the status of its child. What is not the child's:

  125    hallpass itself failed, before or beside the child
  126    the command is there and cannot be executed
  127    the command was not found
  128+n  the child was ended by signal n (130 is Ctrl-C)

An error is a line "hallpass: error: …" and mostly a line "hallpass: hint: …" with a command to type.
With --json stdout stays empty and stderr has {"error":{"code","message","hint","exit"}}.
`
}
