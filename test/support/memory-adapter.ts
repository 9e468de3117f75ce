import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'

/** The memory of an authorization server for the life of a test. Unlike the adapter of oidc-provider it never evicts anything. */
export function memoryAdapter(): AdapterFactory {
  const stored = new Map<string, AdapterPayload>()
  return (model) => new MemoryAdapter(model, stored)
}

class MemoryAdapter implements Adapter {
  readonly #model: string
  readonly #stored: Map<string, AdapterPayload>

  constructor(model: string, stored: Map<string, AdapterPayload>) {
    this.#model = model
    this.#stored = stored
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    this.#stored.set(this.#key(id), payload)
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#stored.get(this.#key(id))
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#all().find((payload) => payload.userCode === userCode)
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#all().find((payload) => payload.uid === uid)
  }

  async consume(id: string): Promise<void> {
    const payload = this.#stored.get(this.#key(id))
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    this.#stored.delete(this.#key(id))
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, payload] of this.#stored)
      if (key.startsWith(`${this.#model}:`) && payload.grantId === grantId) this.#stored.delete(key)
  }

  #all(): readonly AdapterPayload[] {
    return [...this.#stored]
      .filter(([key]) => key.startsWith(`${this.#model}:`))
      .map(([, payload]) => payload)
  }

  #key(id: string): string {
    return `${this.#model}:${id}`
  }
}
