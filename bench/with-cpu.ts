import type { Subject } from './measure.ts'

/** CPU of the subject during `run`, in microseconds. NaN if the subject is not a process. */
export async function withCpu<T>(
  subject: Subject,
  run: () => Promise<T>,
): Promise<{ result: T; cpuMicros: number }> {
  const before = await subject.usage?.()
  const result = await run()
  const after = await subject.usage?.()
  return { result, cpuMicros: (after?.cpuMicros ?? Number.NaN) - (before?.cpuMicros ?? Number.NaN) }
}
