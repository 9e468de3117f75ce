/** Whether a process has this id, also a process of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process is of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
