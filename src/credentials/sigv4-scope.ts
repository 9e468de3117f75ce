/** The region and service that a key of Signature Version 4 is limited to. */
export interface SigningScope {
  readonly region: string
  readonly service: string
}

/** Neither can leave its place between the slashes of a scope. */
export const scopeWord = /^[A-Za-z0-9_-]{1,64}$/

const region = /^[a-z]{2,3}(-[a-z]+)+-\d+$/

/** Parts of host names under which a service signs by another name. */
const signingNames: Readonly<Record<string, string>> = {
  'appsync-api': 'appsync',
  'bedrock-agent': 'bedrock',
  'bedrock-agent-runtime': 'bedrock',
  'bedrock-runtime': 'bedrock',
  email: 'ses',
  'lambda-url': 'lambda',
}

/** Services with one host name for all regions, signed for this one. */
const globalServices = new Set(['cloudfront', 'iam', 'route53', 'sts'])

/**
 * Region and service from a host name of AWS, as far as it names them. Names whose service signs by yet another name are
 * not all known here: the client's own scope, and the options of the credential, go before this.
 */
export function scopeOfHost(host: string): Partial<SigningScope> {
  const match = /^(.+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws|on\.aws)$/.exec(host)
  const labels = (match?.[1] ?? '').split('.').map((label) => label.replace(/-fips$/, ''))
  const last = labels.at(-1) ?? ''
  const before = labels.at(-2) ?? ''
  if (region.test(last)) {
    const name = before === 'dualstack' ? (labels.at(-3) ?? '') : before
    return { region: last, ...serviceNamed(name) }
  }
  // The other way round: domain.us-east-1.es.amazonaws.com
  if ((last === 'es' || last === 'aoss') && region.test(before)) return { region: before, service: last }
  if (last === 's3') return { region: 'us-east-1', service: 's3' }
  const [, inName] = /^s3-(.+)$/.exec(last) ?? []
  if (inName !== undefined) return region.test(inName) ? { region: inName, service: 's3' } : { service: 's3' }
  return labels.length === 1 && globalServices.has(last) ? { region: 'us-east-1', service: last } : {}
}

function serviceNamed(name: string): { readonly service?: string } {
  if (!scopeWord.test(name)) return {}
  return { service: Object.hasOwn(signingNames, name) ? (signingNames[name] ?? name) : name }
}

/** The client's own Authorization: it signs with dummy keys in place of ours. */
export interface OwnSignature extends Partial<SigningScope> {
  /** Lower-case. */
  readonly signedHeaders: readonly string[]
}

/** @param value of an Authorization header, or undefined */
export function ownSignature(value: string | undefined): OwnSignature {
  if (value === undefined || !value.startsWith('AWS4-HMAC-SHA256 ')) return { signedHeaders: [] }
  const [, named = ''] = /\bSignedHeaders=([^,\s]+)/.exec(value) ?? []
  const [, , own = '', service = ''] = (/\bCredential=([^,\s]+)/.exec(value)?.[1] ?? '').split('/')
  return {
    ...(scopeWord.test(own) && { region: own }),
    ...(scopeWord.test(service) && { service }),
    signedHeaders: named.toLowerCase().split(';'),
  }
}
