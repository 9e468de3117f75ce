import { environmentName } from '../../config/environment.ts'
import { defaults, type Key, readAtStart } from '../../config/schema.ts'
import { managedVariables } from '../../environment/child-environment.ts'

/** `hallpass help environment`. */
export function text(): string {
  return `hallpass reads:

  HALLPASS_HOME            the state folder (else AI_STATE_DIR/hallpass, else
                           AI_SESSIONS_DIR/hallpass, else ~/.hallpass)
  HALLPASS_CONFIG          the configuration file
  HALLPASS_SESSION         the session (else default); run and env set it
  HALLPASS_SCOPE           set by run, for a hallpass inside: --only, --strict and --capture
  HALLPASS_USE             set by run --exclusive, for a hallpass inside
  HALLPASS_KEY_FILE        the key file, for containers (or AI_ENCRYPTION_KEY_PATH)
  HALLPASS_PASSPHRASE_FILE a file with the passphrase of the key
  HALLPASS_NO_KEYRING      do not use the keyring of the system
  BROWSER                  the program that token login opens a page with; empty: none
  NODE_EXTRA_CA_CERTS      more roots that the proxy trusts upstream
  NO_COLOR FORCE_COLOR TERM CI   whether output is coloured

It also reads one variable for each key of the configuration that is a value or a list:

${columns((Object.keys(defaults) as Key[]).flatMap((key) => environmentName(key) ?? []))}

Flags override the environment, and the environment overrides the file.

Which settings hold while a proxy runs:

  configuration   A proxy takes up a changed file with the next request, and on SIGHUP. A file that
                  has an error, or is emptied or removed, changes nothing, and run, env, explain,
                  status, doctor and the log say so. These keys need a restart, and status names
                  them:
                  ${readAtStart.join(', ')}.
                  A command may name other settings, with --config, HALLPASS_CONFIG or a variable
                  above. Then run starts a proxy of its own, env refuses, and explain answers by
                  the named settings and warns. When they name none, run, env and explain use the
                  settings of the running proxy. Every other command reads --config, else
                  HALLPASS_CONFIG, else config/config.yaml in the state folder.
  state folder    Each command reads --home, else HALLPASS_HOME, and finds the proxy of that folder.
  session         Each command reads --session, else HALLPASS_SESSION, else takes "default". Inside
                  run, and after eval of env, that is their session. Inside run, explain and
                  cookie list show what its command can use.
  capture         start --capture holds for the whole proxy, run --capture for one child.
  upstream proxy  HTTPS_PROXY and the like are read when the proxy starts; run warns of others.

hallpass run and hallpass env set:

${columns(managedVariables)}

They remove ALL_PROXY, all_proxy and SSL_CERT_DIR. They keep your NO_PROXY and add loopback to it,
unless the session knows a loopback host. When it learns its first one, evaluate hallpass env
again: the command that kept it says so. Certificates that your own trust variables point at are in
the bundle that they set. hallpass doctor lists the tools that no variable helps.

Some settings of your own beat these variables: a proxy in the configuration of curl, wget, git,
npm, pip, cargo, conda, gcloud or kubectl, and a NO_PROXY that covers a host of the session. Such
requests go around hallpass. run warns of them, and doctor lists them.
`
}

function columns(names: readonly string[]): string {
  const lines: string[] = []
  for (let at = 0; at < names.length; at += 2) {
    const row = names.slice(at, at + 2).map((name) => name.padEnd(40))
    lines.push(`  ${row.join('').trimEnd()}`)
  }
  return lines.join('\n')
}
