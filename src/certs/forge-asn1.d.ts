/** We load only the ASN.1 writer of node-forge. Its advisories are about its parsers of keys, PKCS and TLS. */
declare module 'node-forge/lib/asn1.js' {
  import { asn1 } from 'node-forge'
  export default asn1
}
