import { describe, expect, it } from 'vitest'
import { parseHosts, parseNsswitch, parseResolvConf } from './name-files.ts'

describe('the hosts file', () => {
  const hosts = parseHosts(
    [
      '# 192.0.2.9 commented',
      '127.0.0.1\tlocalhost Build # not.this',
      '::1     localhost ip6-localhost\r',
      '  192.0.2.1  a.test  A.test.alias',
      '192.0.2.2 a.test',
      'fe80::1%lo0 link',
      '127.1 short',
      'a.test 192.0.2.3',
      '192.0.2.4',
      '',
    ].join('\n'),
  )
  const addressesOf = (name: string) => hosts.get(name)?.map(({ address, family }) => `${address} ${family}`)

  it.each([
    ['localhost', ['127.0.0.1 4', '::1 6']],
    ['build', ['127.0.0.1 4']],
    ['ip6-localhost', ['::1 6']],
    ['a.test', ['192.0.2.1 4', '192.0.2.2 4']],
    ['a.test.alias', ['192.0.2.1 4']],
    ['link', ['fe80::1%lo0 6']],
  ])('has %s', (name, addresses) => expect(addressesOf(name)).toEqual(addresses))

  it.each(['commented', 'not.this', '#', 'short', '192.0.2.3', '', 'Build'])('has no %s', (name) =>
    expect(addressesOf(name)).toBeUndefined(),
  )
})

describe('nsswitch.conf', () => {
  it.each([
    ['', true, true],
    ['passwd: files\nhosts: files dns\n', true, true],
    ['hosts:\tfiles   dns # mdns\n', true, true],
    ['  hosts : files dns', true, true],
    ['#hosts: db\nhosts: files dns', true, true],
    ['hosts: files', true, false],
    ['hosts: dns', false, false],
    ['hosts: dns files', false, false],
    ['hosts: files mdns4_minimal [NOTFOUND=return] dns', true, false],
    ['hosts: files [NOTFOUND=return] dns', true, false],
    ['hosts: mymachines files dns', false, false],
    ['hosts: files dns myhostname', true, false],
    ['hosts: files\ndns: dns', true, false],
    ['hosts:', false, false],
    ['myhosts: db', true, true],
  ])('%j: files first %s, then DNS alone %s', (text, filesFirst, filesThenDns) =>
    expect(parseNsswitch(text)).toEqual({ filesFirst, filesThenDns }),
  )
})

describe('resolv.conf', () => {
  it.each([
    ['', 1, false],
    ['nameserver 192.0.2.53\nsearch corp.example dev.example\n', 1, true],
    ['domain corp.example', 1, true],
    ['search\tcorp.example', 1, true],
    ['search .', 1, false],
    ['search . corp.example', 1, true],
    ['search corp.example\nsearch .', 1, false],
    ['search\nnameserver 192.0.2.53', 1, false],
    ['#search corp.example\n;search corp.example', 1, false],
    ['options ndots:5', 5, false],
    ['options edns0 trust-ad ndots:2 rotate', 2, false],
    ['options ndots:2\noptions ndots:0', 0, false],
    ['options timeout:1\nndots:3', 1, false],
    ['options\nndots:3', 1, false],
    ['options ndots:x', 1, false],
    ['# options ndots:4', 1, false],
  ])('%j: ndots %s, search domains %s', (text, ndots, searches) =>
    expect(parseResolvConf(text, 'build')).toEqual({ ndots, searches }),
  )

  it.each([
    ['', true],
    ['search .', false],
    ['nameserver 192.0.2.53', true],
  ])('%j on a machine with a domain of its own: search domains %s', (text, searches) =>
    expect(parseResolvConf(text, 'build.corp.example').searches).toBe(searches),
  )
})
