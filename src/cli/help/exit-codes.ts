/** `hallpass help exit-codes`; the statuses themselves are in the table of src/errors.ts. */
export function text(): string {
  return `Exit status of every command:

  0    done
  1    failed
  2    usage: hallpass does not understand the command line
  3    the configuration has an error, or Node is too old
  4    a session, credential, cookie or web storage is missing, or needs a login
  5    the key is missing, damaged or locked
  6    the origin or the token server cannot be reached
  7    certificate or trust
  8    done in part; stderr says what was left
  130  you gave up at a prompt or a window; nothing is half done

hallpass run ends with the status of its child, except for:

  125    hallpass itself failed
  126    the command exists and cannot be executed
  127    the command was not found
  128+n  signal n ended the child (130 is Ctrl-C)

An error is a line "hallpass: error: …", usually with a line "hallpass: hint: …" that has a command
to type. With --json stdout stays empty, and stderr has {"error":{"code","message","hint","exit"}}.
`
}
