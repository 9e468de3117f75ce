/*
 * Scripts that run in a page. They write the values of a database as Playwright's storageState does: as JSON where JSON can express
 * them, otherwise in Playwright's encoding, where `ref` repeats the object with that `id`.
 */

const common = `
  const views = {
    i8: Int8Array, ui8: Uint8Array, ui8c: Uint8ClampedArray, i16: Int16Array, ui16: Uint16Array, i32: Int32Array,
    ui32: Uint32Array, f32: Float32Array, f64: Float64Array, bi64: BigInt64Array, bui64: BigUint64Array,
  }
  const settled = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error('in use'))
  })`

/**
 * `await readDatabases({ maxBytes, withinMs })` is `{ databases, unread }`. It reads record by record, so that a database that is too
 * large does not fill the memory. `unread` has `{ name, reason }` of each database that was not read: 'large', 'slow', or 'values' for
 * values that cannot leave the browser: a file, a key that cannot be exported.
 */
export const readDatabases = `async ({ maxBytes, withinMs }) => {${common}
  const until = performance.now() + withinMs
  const base64 = (bytes) => {
    let text = ''
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
    return btoa(text)
  }
  const tagOf = (value) => Object.prototype.toString.call(value).slice(8, -1)
  const written = (value) => {
    const ids = new Map()
    let plain = true
    const special = (encoded) => {
      plain = false
      return encoded
    }
    const encode = (value) => {
      if (value === null) return { v: 'null' }
      if (value === undefined) return special({ v: 'undefined' })
      if (typeof value === 'boolean' || typeof value === 'string') return value
      if (typeof value === 'bigint') return special({ bi: String(value) })
      if (typeof value === 'number')
        return Number.isFinite(value) && !Object.is(value, -0) ? value : special({ v: Object.is(value, -0) ? '-0' : String(value) })
      if (ids.has(value)) return special({ ref: ids.get(value) })
      const tag = tagOf(value)
      if (tag === 'Date' && !isNaN(value)) return special({ d: value.toJSON() })
      if (tag === 'RegExp') return special({ r: { p: value.source, f: value.flags } })
      if (tag === 'Error') return special({ e: { n: value.name, m: value.message, s: String(value.stack) } })
      if (tag === 'ArrayBuffer') return special({ ab: { b: base64(new Uint8Array(value)) } })
      const [k] = Object.entries(views).find(([, View]) => View.name === tag) ?? []
      if (k !== undefined)
        return special({ ta: { k, b: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) } })
      const id = ids.size + 1
      ids.set(value, id)
      if (tag === 'Array') return { a: Array.from(value, encode), id }
      if (tag === 'Object') return { o: Object.keys(value).map((k) => ({ k, v: encode(value[k]) })), id }
      if (tag === 'Map') return special({ m: Array.from(value, ([k, v]) => ({ k: encode(k), v: encode(v) })), id })
      if (tag === 'Set') return special({ s: Array.from(value, encode), id })
      throw 'values'
    }
    const encoded = encode(value)
    return plain ? { plain: value } : { encoded }
  }
  const open = (name) => {
    const request = indexedDB.open(name)
    // The database was deleted meanwhile. Reading must not create it.
    request.onupgradeneeded = () => request.transaction.abort()
    return settled(request)
  }
  const keyPath = ({ keyPath }) => keyPath === null ? {} : typeof keyPath === 'string' ? { keyPath } : { keyPathArray: [...keyPath] }
  let bytes = 0
  const readStore = async (store) => {
    const records = []
    const request = store.openCursor()
    for (let cursor = await settled(request); cursor !== null; cursor = await settled(request)) {
      const record = {}
      if (store.keyPath === null) {
        const { plain, encoded } = written(cursor.primaryKey)
        Object.assign(record, encoded === undefined ? { key: plain } : { keyEncoded: encoded })
      }
      const { plain, encoded } = written(cursor.value)
      Object.assign(record, encoded === undefined ? { value: plain } : { valueEncoded: encoded })
      bytes += JSON.stringify(record).length
      if (bytes > maxBytes) throw 'large'
      if (performance.now() > until) throw 'slow'
      records.push(record)
      cursor.continue()
    }
    const indexes = [...store.indexNames].map((name) => store.index(name))
    return {
      name: store.name, autoIncrement: store.autoIncrement, ...keyPath(store), records,
      indexes: indexes.map((index) => ({ name: index.name, ...keyPath(index), multiEntry: index.multiEntry, unique: index.unique })),
    }
  }
  const read = async (name) => {
    const database = await open(name)
    // A page that changes the database must not wait for us.
    database.onversionchange = () => database.close()
    try {
      const names = [...database.objectStoreNames]
      const stores = []
      const transaction = names.length === 0 ? undefined : database.transaction(names)
      for (const store of names) stores.push(await readStore(transaction.objectStore(store)))
      return { name, version: database.version, stores }
    } finally {
      database.close()
    }
  }
  const databases = []
  const unread = []
  for (const { name } of await indexedDB.databases()) {
    const late = new Promise((_, reject) => setTimeout(() => reject('slow'), Math.max(0, until - performance.now())))
    await Promise.race([read(name), late]).then((database) => databases.push(database), (reason) => unread.push({ name, reason: String(reason) }))
  }
  return { databases, unread }
}`

/**
 * `await writeDatabases(old, databases)` deletes the old databases, creates the new ones and is a list of the numbers of those that
 * the browser refuses. It rejects when an old one cannot be deleted.
 */
export const writeDatabases = `async (old, databases) => {${common}
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  const specials = { undefined, null: null, NaN, Infinity, '-Infinity': -Infinity, '-0': -0 }
  const decode = (value, objects = new Map()) => {
    if (typeof value !== 'object' || value === null) return value
    const inner = (value) => decode(value, objects)
    const known = (object) => (objects.set(value.id, object), object)
    if ('ref' in value) return objects.get(value.ref)
    if ('v' in value) return specials[value.v]
    if ('d' in value) return new Date(value.d)
    if ('u' in value) return new URL(value.u)
    if ('bi' in value) return BigInt(value.bi)
    if ('r' in value) return new RegExp(value.r.p, value.r.f)
    if ('e' in value) return Object.assign(new Error(value.e.m), { name: value.e.n, stack: value.e.s })
    if ('ab' in value) return bytes(value.ab.b).buffer
    if ('ta' in value) return new views[value.ta.k](bytes(value.ta.b).buffer)
    if ('a' in value) {
      const list = known([])
      for (const item of value.a) list.push(inner(item))
      return list
    }
    if ('m' in value) {
      const map = known(new Map())
      for (const { k, v } of value.m) map.set(inner(k), inner(v))
      return map
    }
    if ('s' in value) {
      const set = known(new Set())
      for (const item of value.s) set.add(inner(item))
      return set
    }
    const object = known({})
    for (const { k, v } of value.o)
      Object.defineProperty(object, k, { value: inner(v), enumerable: true, configurable: true, writable: true })
    return object
  }
  const pathOf = ({ keyPath, keyPathArray }) => keyPath ?? keyPathArray ?? null
  const fill = (database, stores) => {
    for (const { name, autoIncrement, indexes, records, ...path } of stores) {
      const store = database.createObjectStore(name, { keyPath: pathOf(path), autoIncrement })
      for (const { name, multiEntry, unique, ...path } of indexes) store.createIndex(name, pathOf(path), { multiEntry, unique })
      for (const record of records) {
        const value = 'valueEncoded' in record ? decode(record.valueEncoded) : record.value
        const key = 'keyEncoded' in record ? decode(record.keyEncoded) : record.key
        if (key === undefined) store.put(value)
        else store.put(value, key)
      }
    }
  }
  for (const { name } of [...old, ...databases]) await settled(indexedDB.deleteDatabase(name))
  const create = async ({ name, version, stores }) => {
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => {
      try {
        fill(request.result, stores)
      } catch {
        request.transaction.abort()
      }
    }
    const database = await settled(request)
    database.close()
  }
  const refused = []
  for (const [index, database] of databases.entries()) await create(database).catch(() => refused.push(index))
  return refused
}`
