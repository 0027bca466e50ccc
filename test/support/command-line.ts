import { mock } from 'node:test'
import { runCommandLine } from '../../src/cli/command-line.ts'

/** Runs a command of `opentrace` to its end without a process of its own, which takes most of a second. One at a time. */
export async function runCommandHere(args: string[], environment: Record<string, string>) {
  const [log, error] = [mock.method(console, 'log', () => {}), mock.method(console, 'error', () => {})]
  try {
    const code = await runCommandLine(['node', 'opentrace', ...args], environment)
    return { code, stdout: printed(log), stderr: printed(error) }
  } finally {
    log.mock.restore()
    error.mock.restore()
  }
}

function printed(method: { mock: { calls: readonly { arguments: unknown[] }[] } }): string {
  return method.mock.calls.map((call) => `${call.arguments.join(' ')}\n`).join('')
}
