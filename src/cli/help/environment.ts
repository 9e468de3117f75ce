import { environmentName } from '../../config/environment.ts'
import { defaults, type Key } from '../../config/schema.ts'
import { managedVariables } from '../../environment/child-environment.ts'

/** `hallpass help environment`. */
export function text(): string {
  return `hallpass reads:

  HALLPASS_HOME            the state folder (else AI_STATE_DIR/hallpass, else ~/.hallpass)
  HALLPASS_CONFIG          the configuration file
  HALLPASS_KEY_FILE        the key, from elsewhere (or AI_ENCRYPTION_KEY_PATH); for containers
  HALLPASS_PASSPHRASE_FILE a file with the passphrase of a key that one protects
  HALLPASS_NO_KEYRING      do not use the keyring of the system
  BROWSER                  what token login opens a page with; empty: nothing
  NODE_EXTRA_CA_CERTS      more roots that the proxy trusts upstream
  NO_COLOR FORCE_COLOR TERM CI   whether output is coloured

and for each key of the configuration that is one value or a list:

${columns((Object.keys(defaults) as Key[]).flatMap((key) => environmentName(key) ?? []))}

A flag goes before the environment, the environment before the file.

Which settings hold while a proxy runs:

  configuration   a proxy keeps what it read at its start. A command that names a file (--config, HALLPASS_CONFIG) or
                  sets a variable goes by that: run gets a proxy of its own, env refuses, explain says so.
                  run, env and explain without a name go by the file of the running proxy. Every other command
                  reads --config, else HALLPASS_CONFIG, else config/config.yaml.
  state folder    each command reads --home, else HALLPASS_HOME, and finds the proxy of that folder.
  session         each command reads --session, else it is "default".
  capture         start --capture holds for the whole proxy, run --capture for that child.
  upstream proxy  HTTPS_PROXY and the like, as they were when the proxy was started; run warns of others.

hallpass run and hallpass env set:

${columns(managedVariables)}

and remove ALL_PROXY, all_proxy and SSL_CERT_DIR. Your own NO_PROXY is kept; loopback is added to it, or left out when
the session knows a loopback host. What an inherited trust variable points at goes into the bundle that they set.
What no variable can help is told by hallpass doctor.
`
}

function columns(names: readonly string[]): string {
  const lines: string[] = []
  for (let at = 0; at < names.length; at += 3) {
    const row = names.slice(at, at + 3).map((name) => name.padEnd(36))
    lines.push(`  ${row.join('').trimEnd()}`)
  }
  return lines.join('\n')
}
