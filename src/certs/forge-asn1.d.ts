/** Only the ASN.1 writer of node-forge is loaded: its parsers of keys, PKCS and TLS are what its advisories are about. */
declare module 'node-forge/lib/asn1.js' {
  import { asn1 } from 'node-forge'
  export default asn1
}
