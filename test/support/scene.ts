import { rawOrigin, type TestOrigin } from './origin.ts'
import { startTestProxy, type TestProxy, type TestProxyOptions } from './proxy.ts'

export interface Scene extends AsyncDisposable {
  readonly origin: TestOrigin
  readonly proxy: TestProxy
}

/** An origin of bytes for https://site.test, and a proxy whose session has the bearer token SECRET for it. */
export async function scene(
  serve: Parameters<typeof rawOrigin>[0],
  options: TestProxyOptions = {},
): Promise<Scene> {
  const origin = await rawOrigin(serve, { hosts: ['site.test'] })
  const proxy = await startTestProxy({
    ...options,
    resolve: { 'site.test': `127.0.0.1:${origin.port}`, ...options.resolve },
  })
  await proxy.knows('SECRET', 'site.test')
  return {
    origin,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}
