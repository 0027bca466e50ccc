import { Cluster } from 'ioredis'
import type { RedisClient } from './connection.ts'

/**
 * Has everything that is sent in one turn of the event loop leave in one write to each node: a system call for each command
 * costs more than all else about it. Unlike automatic pipelining it holds nothing back for answers to come: the turn ends
 * when every request that had arrived has asked for what it needs.
 * @returns a function to call before each command
 */
export function createWriteGathering(client: RedisClient): () => void {
  let isGathering = false
  return () => {
    if (isGathering) return
    isGathering = true
    const sockets = (client instanceof Cluster ? client.nodes() : [client]).map(({ stream }) => stream)
    // While a connection is being opened there is none, and ioredis refuses the command or waits by itself.
    for (const socket of sockets) socket?.cork()
    setImmediate(() => {
      isGathering = false
      for (const socket of sockets) socket?.uncork()
    })
  }
}
