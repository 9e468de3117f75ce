import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Real processes, real TLS and real clients. A test waits for an event, and this limit ends what hangs, on any machine.
    // A test that a slow reader must fail has a limit of its own.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Its own limit is a second, which a busy machine exceeds.
    expect: { poll: { timeout: 240_000 } },
    // Two cores. Many tests wait for processes and timers, so a third worker fills the gaps.
    maxWorkers: 3,
  },
})
