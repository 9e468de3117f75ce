import { expect, test } from 'vitest'
import { clearsCookies } from './clear-site-data.ts'

test.each<[values: string[], clears: boolean]>([
  [['"cookies"'], true],
  [['"*"'], true],
  [['"cache", "cookies"'], true],
  [['"cache","storage" , "cookies"'], true],
  [['"cache"', '"cookies"'], true],
  [['"cache", "*"'], true],
  [[], false],
  [[''], false],
  [['"cache"'], false],
  [['cookies'], false],
  [['*'], false],
  [["'cookies'"], false],
  [['"Cookies"'], false],
  [['"cookies'], false],
  [['"cookies;"'], false],
])('%j: %j', (values, clears) => expect(clearsCookies(values)).toBe(clears))
