import fc from 'fast-check'
import type { Pairs } from '../../src/formats/format.ts'
import { readDatabases } from '../../src/formats/indexed-db.ts'

/** A list of databases as Playwright has it. */
export const databaseList = fc.uniqueArray(
  fc.record({
    name: fc.oneof(fc.string(), fc.constantFrom('__proto__', '\ud800')),
    version: fc.integer({ min: 1, max: 9 }),
    stores: fc.array(
      fc.record({
        name: fc.string(),
        autoIncrement: fc.boolean(),
        records: fc.array(
          fc.oneof(
            fc.record({ key: fc.string(), value: fc.jsonValue() }),
            fc.record({
              keyEncoded: fc.jsonValue(),
              valueEncoded: fc.constant({ d: '2026-01-01T00:00:00.000Z' }),
            }),
          ),
          { minLength: 1, maxLength: 3 },
        ),
        indexes: fc.constantFrom([], [{ name: 'by', keyPath: 'a.b', multiEntry: false, unique: true }]),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  { selector: ({ name }) => name, maxLength: 3 },
)

/** The same as they are kept. */
export const databases: fc.Arbitrary<Pairs> = databaseList.map((list) => readDatabases(list).databases)
