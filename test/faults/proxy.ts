import { EventEmitter, once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What happens to the traffic between the servers and Redis. */
export type Weather =
  | { kind: 'clear' }
  /** Every byte arrives later. */
  | { kind: 'delay'; ms: number }
  /** Connections break, and new ones break at once. */
  | { kind: 'cut' }
  /** Nothing arrives and nothing breaks: bytes wait, as TCP sends them again, until the weather is clear. */
  | { kind: 'blackhole' }
  /** As `blackhole`, but only for what Redis answers: commands are carried out. */
  | { kind: 'mute' }

/** A TCP proxy on the loopback interface that makes a network bad. */
export interface Proxy {
  readonly port: number
  readonly setWeather: (weather: Weather) => void
  readonly stop: () => Promise<void>
}

export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>()
  let weather: Weather = { kind: 'clear' }
  const changes = new EventEmitter().setMaxListeners(0)

  const isHeld = (isAnswer: boolean) => weather.kind === 'blackhole' || (weather.kind === 'mute' && isAnswer)

  /** Resolves when a chunk that came now may go on; chunks of one direction wait in line, so none overtakes. */
  async function passage(isAnswer: boolean, arrivedAt: number): Promise<void> {
    while (isHeld(isAnswer)) await once(changes, 'change')
    if (weather.kind === 'delay') await sleep(Math.max(0, arrivedAt + weather.ms - performance.now()))
  }

  function carry(from: Socket, to: Socket, isAnswer: boolean): void {
    let line = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      const arrivedAt = performance.now()
      line = line.then(() => passage(isAnswer, arrivedAt)).then(() => void (to.writable && to.write(chunk)))
    })
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
    sockets.add(from)
  }

  const server = createServer((client) => {
    if (weather.kind === 'cut') {
      client.destroy()
      return
    }
    const target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true })
    client.setNoDelay(true)
    carry(client, target, false)
    carry(target, client, true)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    setWeather(next) {
      weather = next
      if (next.kind === 'cut') for (const socket of sockets) socket.destroy()
      changes.emit('change')
    },
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
