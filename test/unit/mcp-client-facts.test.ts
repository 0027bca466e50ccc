import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseClientFacts } from '../../src/mcp/client-facts.ts'

const none = { userAgent: 'node', protocolVersion: '' }
const tools = new Set(['whoami'])

describe('What a request tells about its client', () => {
  it('stands in _meta of every request of 2026-07-28', () => {
    const message = {
      method: 'tools/call',
      params: {
        name: 'whoami',
        _meta: {
          'io.modelcontextprotocol/clientInfo': { name: 'claude-code', version: '2.1.330' },
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        },
      },
    }
    assert.deepEqual(parseClientFacts(message, none, tools), {
      clientVersion: '2.1.330',
      protocolRevision: '2026-07-28',
      lastTool: 'whoami',
    })
  })

  it('stands in initialize of 2025 revisions, later in header and User-Agent', () => {
    const params = { protocolVersion: '2025-11-25', clientInfo: { name: 'cursor', version: '1.9' } }
    assert.deepEqual(parseClientFacts({ method: 'initialize', params }, none, tools), {
      clientVersion: '1.9',
      protocolRevision: '2025-11-25',
      lastTool: undefined,
    })
    const headers = { userAgent: 'claude-code/2.1.330 (cli)', protocolVersion: '2025-06-18' }
    assert.deepEqual(parseClientFacts({ method: 'tools/list' }, headers, tools), {
      clientVersion: '2.1.330',
      protocolRevision: '2025-06-18',
      lastTool: undefined,
    })
  })

  it('is nothing when it is too long, oddly shaped or about no tool of ours', () => {
    const nothing = { clientVersion: undefined, protocolRevision: undefined, lastTool: undefined }
    const clientInfo = { name: 'x', version: '<b>1</b>' }
    for (const message of [
      { method: 'tools/call', params: { name: 'rm -rf', _meta: 7 } },
      { method: 'tools/call', params: { name: ['whoami'] } },
      { method: 'initialize', params: { clientInfo, protocolVersion: 'yesterday' } },
      { method: 'initialize', params: 'none' },
      { result: {} },
    ]) {
      assert.deepEqual(parseClientFacts(message, none, tools), nothing, JSON.stringify(message))
    }
    const userAgent = `claude-code/${'9'.repeat(500)}`
    assert.deepEqual(parseClientFacts({ method: 'ping' }, { ...none, userAgent }, tools), nothing)
  })
})
