import { readFile } from 'node:fs/promises'

/** Linux counts CPU time in these for everybody, whatever its own clock is. */
const ticksPerSecond = 100

/**
 * The CPU time a process has used since it began, of all its threads, in its own code and in the kernel's for it.
 * @returns microseconds, to the nearest 10 ms; undefined where there is no `/proc`
 */
export async function findCpuMicroseconds(pid: number | undefined): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is the program's name in parentheses, and may hold anything; utime and stime are the 14th and 15th.
  const [utime, stime] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return stime === undefined ? undefined : (Number(utime) + Number(stime)) * (1e6 / ticksPerSecond)
}
