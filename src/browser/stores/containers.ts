import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HallpassError } from '../../errors.ts'
import { isObject, parseJsonObject } from '../../json.ts'

/** A container of Firefox: tabs with cookies of their own. */
interface Container {
  readonly id: string
  readonly name: string
}

/** Firefox translates the names of its first four, and keeps only an id such as `user-context-work`. */
const translated = /(personal|work|banking|shopping)/i

/** The containers of a profile. */
export class Containers {
  readonly #all: readonly Container[]

  /** @param cookies the database of the profile, which the list is beside */
  constructor(cookies: string) {
    const file = join(dirname(cookies), 'containers.json')
    const list = existsSync(file) ? parseJsonObject(readFileSync(file, 'utf8'))?.identities : []
    this.#all = (Array.isArray(list) ? list : []).flatMap((identity: unknown) => {
      if (!isObject(identity) || identity.public === false) return []
      const { userContextId, name, l10nId, l10nID } = identity
      const [word = ''] = translated.exec(String(l10nId ?? l10nID)) ?? []
      const known = word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()
      return [{ id: String(userContextId), name: typeof name === 'string' && name !== '' ? name : known }]
    })
  }

  /**
   * The number of a container by its name or number.
   * @throws HallpassError `profile-missing` that names what there is
   */
  idOf(wanted: string): string {
    const { id } =
      this.#all.find(({ name }) => name.toLowerCase() === wanted.toLowerCase()) ??
      this.#all.find((container) => container.id === wanted) ??
      {}
    if (id !== undefined) return id
    const there = this.#all.map(({ name }) => name).join(', ')
    throw new HallpassError(
      'profile-missing',
      `the profile has no container "${wanted}"; there ${there === '' ? 'is none' : `are ${there}`}`,
    )
  }

  nameOf(id: string): string {
    return this.#all.find((container) => container.id === id)?.name ?? id
  }
}
