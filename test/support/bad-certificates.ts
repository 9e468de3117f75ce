import { generateKeyPairSync } from 'node:crypto'
import { basicConstraints, serverAuth } from '../../src/certs/certificate.ts'
import { octetString } from '../../src/certs/der.ts'
import { fromPem, toPem } from '../../src/certs/pem.ts'
import {
  caExtensions,
  clientAuthOnly,
  dns,
  email,
  extension,
  ip,
  makeCertificate,
  nameConstraint,
  type Pair,
  signatureUsage,
  uri,
} from './make-certificate.ts'

/** The key and the chain of an origin for `host`, leaf first, both PEM. */
export interface ServerCertificate {
  readonly what: string
  readonly host: string
  readonly key: string
  readonly cert: string
}

export interface BadCertificate extends ServerCertificate {
  /** Matches Node's error as `${code} ${message}`, so that no other error hides the intended reason. */
  readonly refusal: RegExp
}

export interface CertificateTable {
  /** The one root that a client of these origins trusts. */
  readonly rootPem: string
  /** To be refused before one byte of a request is sent. */
  readonly bad: readonly BadCertificate[]
  readonly good: readonly ServerCertificate[]
}

/** An origin that serves a weak key or signature must be willing to: `tls.createServer({ ciphers })`. */
export const weakServerCiphers = 'DEFAULT@SECLEVEL=0'

const host = 'site.example.test'
const address = '127.0.0.1'

export function certificateTable(): CertificateTable {
  const root = makeCertificate({ commonName: 'test root', extensions: caExtensions(3), validForDays: 300 })
  const issuer = root
  const serve = (
    what: string,
    pair: Pair,
    chain: readonly Pair[] = [],
    forHost = host,
  ): ServerCertificate => ({
    what,
    host: forHost,
    key: pair.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pair.cert + chain.map((link) => link.cert).join(''),
  })
  const leaf = (wish: Parameters<typeof makeCertificate>[0]) =>
    makeCertificate({ commonName: host, altNames: [dns(host)], issuer, ...wish })
  const named = (...altNames: Parameters<typeof makeCertificate>[0]['altNames'] & {}) =>
    makeCertificate({ commonName: host, altNames, issuer })
  const intermediate = (wish: Parameters<typeof makeCertificate>[0]) =>
    makeCertificate({ commonName: 'test intermediate', issuer, extensions: caExtensions(0), ...wish })
  const under = (what: string, ...chain: readonly [Pair, ...Pair[]]) =>
    serve(what, leaf({ issuer: chain[0] }), chain)

  const stranger = makeCertificate({ commonName: 'test root', extensions: caExtensions(3) })
  const first = intermediate({ extensions: caExtensions(0) })
  const second = intermediate({ commonName: 'test second intermediate', issuer: first })
  const whole = leaf({})
  const flipped = fromPem(whole.cert)
  flipped.writeUInt8(flipped.readUInt8(flipped.length - 1) ^ 1, flipped.length - 1)
  const forged = toPem('CERTIFICATE', flipped)
  const commonNameOnly = (commonName: string) => makeCertificate({ commonName, issuer })
  const constrained = (part: 0 | 1, domain: string) =>
    intermediate({ extensions: [...caExtensions(0), nameConstraint(part, domain)] })
  const unknownCritical = () => extension('1.3.6.1.4.1.99999.1', true, octetString(Uint8Array.of(1)))

  return {
    rootPem: root.cert,
    bad: [
      ...refused(
        /ALTNAME_INVALID/,
        serve('for another host', named(dns('other.example.test'))),
        serve('right common name, no subjectAltName', commonNameOnly(host)),
        serve('right common name, only an address beside it', named(ip(127, 0, 0, 1))),
        serve('right common name, only a mail address beside it', named(email(`ada@${host}`))),
        serve('the host in a URI name', named(uri(`https://${host}/`))),
        serve('wildcard in two labels', named(dns('*.*.test'))),
        serve('wildcard for the bare domain', named(dns('*.example.test')), [], 'example.test'),
        serve('wildcard over two labels', named(dns('*.example.test')), [], 'a.site.example.test'),
        serve('wildcard for part of a label', named(dns('s*.example.test'))),
        serve('wildcard with a part before it', named(dns('si*e.example.test'))),
        serve('wildcard not leftmost', named(dns('site.*.test'))),
        serve('wildcard for a top-level domain', named(dns('*.test')), [], 'example.test'),
        serve('a lone wildcard', named(dns('*'))),
        serve('leading dot', named(dns('.example.test'))),
        serve('the host as beginning of a longer name', named(dns(`${host}.evil.test`))),
        serve('the host as end of a longer label', named(dns(`x${host}`))),
        serve('NUL after the host', named(dns(`${host}\0.evil.test`))),
        serve('a second name inside a name', named(dns(`evil.test, DNS:${host}`))),
        serve('the address in the common name', commonNameOnly(address), [], address),
        serve('the address as DNS name', named(dns(address)), [], address),
        serve('another address', named(ip(127, 0, 0, 2)), [], address),
      ),
      ...refused(
        /CERT_HAS_EXPIRED/,
        serve('expired', leaf({ validFromDays: -31, validForDays: 30 })),
        under('issued by an expired intermediate', intermediate({ validFromDays: -31, validForDays: 30 })),
      ),
      ...refused(/CERT_NOT_YET_VALID/, serve('not yet valid', leaf({ validFromDays: 2 }))),
      ...refused(
        /SELF_SIGNED_CERT/,
        serve('self-signed', makeCertificate({ commonName: host, altNames: [dns(host)] })),
        serve("an unknown root with the known one's name", leaf({ issuer: stranger }), [stranger]),
      ),
      ...refused(/CERT_SIGNATURE_FAILURE/, serve('a forged signature', { ...whole, cert: forged })),
      ...refused(
        /unsuitable certificate purpose/,
        serve('for clients only', leaf({ extensions: [signatureUsage(), clientAuthOnly()] })),
      ),
      ...refused(
        /unhandled critical extension/,
        serve('an unknown critical extension', leaf({ extensions: [serverAuth(), unknownCritical()] })),
      ),
      ...refused(
        /too weak/,
        serve('an RSA key of 1024 bits', leaf({ key: generateKeyPairSync('rsa', { modulusLength: 1024 }) })),
        serve('signed with SHA-1', leaf({ digest: 'sha1' })),
      ),
      ...refused(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/, serve('intermediate not sent', leaf({ issuer: first }))),
      ...refused(
        /INVALID_PURPOSE|INVALID_CA|invalid CA/,
        under(
          'issued by a certificate that is no CA',
          intermediate({ extensions: [basicConstraints({ ca: false })] }),
        ),
      ),
      ...refused(
        /key usage does not include certificate signing/,
        under(
          'issued by a CA that may not sign certificates',
          intermediate({ extensions: [basicConstraints({ ca: true, pathLength: 0 }), signatureUsage()] }),
        ),
      ),
      ...refused(
        /PATH_LENGTH_EXCEEDED/,
        under('more intermediates than the path length allows', second, first),
      ),
      ...refused(
        /subtree violation/,
        under('outside the permitted names', constrained(0, 'other.test')),
        under('inside the excluded names', constrained(1, 'example.test')),
      ),
    ],
    good: [
      serve('the name itself', whole),
      serve('a wildcard for one label', named(dns('other.test'), dns('*.Example.test'))),
      serve(
        'an address, through an intermediate',
        leaf({ altNames: [ip(127, 0, 0, 1)], issuer: first }),
        [first],
        address,
      ),
      under('permitted names', constrained(0, 'example.test')),
    ],
  }
}

function refused(refusal: RegExp, ...origins: readonly ServerCertificate[]): BadCertificate[] {
  return origins.map((origin) => ({ ...origin, refusal }))
}
