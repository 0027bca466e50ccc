import { spawn } from 'node:child_process'
import { freePort } from '../test/support/server.ts'
import { createSender, measure } from './load.ts'

const bareServer = `require('node:http')
  .createServer((request, response) => response.end('{"ok":true}'))
  .listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'))`

/** Requests per second of a server that does nothing: what this machine and this client allow at most. */
export async function measureBaseline(seconds: number): Promise<number> {
  const port = await freePort()
  const child = spawn(process.execPath, ['-e', bareServer, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { send, close } = createSender({ port })
  try {
    await new Promise((resolve) => {
      child.stdout.once('data', resolve)
    })
    const { requestsPerSecond } = await measure(seconds, async () => {
      await send({ method: 'GET', path: '/' })
    })
    return requestsPerSecond
  } finally {
    close()
    child.kill()
  }
}
