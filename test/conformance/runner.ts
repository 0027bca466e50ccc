import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const conformance = '@modelcontextprotocol/conformance@0.2.0-alpha.12'
// The runner needs Node 22; the package `node` fetches it in an install script, which newer npm versions do not run.
const node22 = `node-${process.platform}-${process.arch}@22`

export interface RunResult {
  passed: boolean
  output: string
}

export type Runner = Awaited<ReturnType<typeof findRunner>>

/** Fetches the official conformance runner and its Node through npx, outside this package's dependencies. */
export async function findRunner() {
  const { stdout } = await promisify(execFile)('npx', [
    '--yes',
    `--package=${node22}`,
    `--package=${conformance}`,
    '--call',
    'command -v node && command -v conformance',
  ])
  const [node = '', script = ''] = stdout.trim().split('\n')

  /** @param onLine sees every line of output as it comes */
  return function run(
    args: readonly string[],
    onLine: (line: string) => void = () => {},
  ): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      const runner = spawn(node, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [runner.stdout, runner.stderr]) {
        createInterface({ input: stream }).on('line', (line) => {
          output += `${line}\n`
          onLine(line)
        })
      }
      runner.on('error', reject)
      runner.on('close', (code) => resolve({ passed: code === 0, output }))
    })
  }
}
