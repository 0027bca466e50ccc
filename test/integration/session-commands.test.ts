import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { runCommandHere } from '../support/command-line.ts'
import { startCommandServer } from '../support/command-server.ts'
import { callTool, claudeCode, signIn } from '../support/oauth-client.ts'
import { redisServerSkipReason } from '../support/redis.ts'
import { runCommand } from '../support/server-process.ts'

for (const engine of ['SQLite', 'Redis'] as const) {
  const skip = engine === 'Redis' && redisServerSkipReason()
  describe(`opentrace sessions, beside a running server on ${engine}`, { skip }, () => {
    it('lists, shows what it would end, and ends it at the next request', async () => {
      const { origin, environment, stop } = await startCommandServer(engine)
      after(stop)
      const run = (...args: string[]) => runCommandHere(args, environment)
      const kept = await signIn(origin)
      const ended = await signIn(origin, {
        clientId: claudeCode,
        redirectUri: 'http://localhost:5000/callback',
      })
      const statuses = () =>
        Promise.all(
          [kept, ended].map(async ({ access_token }) => (await callTool(origin, access_token)).status),
        )

      // One in a process of its own, as operators run them; the others are spared its second.
      const listed = await runCommand(['sessions', 'list', '--organization', 'acme'], environment)
      assert.equal(listed.code, 0, listed.stderr)
      assert.match(
        listed.stdout,
        /ada@example\.com +Claude Code .*\n.*Test client|Test client.*\n.*Claude Code/,
      )

      const which = ['--user', 'Ada@example.com', '--client', 'claude code', '--before', '2999-01-01']
      const dry = await run('sessions', 'revoke', ...which)
      assert.equal(dry.code, 0, dry.stderr)
      assert.match(dry.stdout, /Claude Code[\s\S]*Nothing was ended\. Add --yes to end 1 session\./)
      assert.deepEqual(await statuses(), [200, 200])

      const done = await run('sessions', 'revoke', ...which, '--yes')
      assert.equal(done.code, 0, done.stderr)
      assert.match(done.stdout, /Ended 1 session\./)
      assert.deepEqual(await statuses(), [200, 401])
      const refused = await callTool(origin, ended.access_token)
      assert.match(await refused.text(), /revoked by the operator of this server/)

      const refusals: [args: string[], reason: RegExp][] = [
        [['revoke', '--organization', 'acme', '--yes'], /Say which/],
        [['revoke', '--all', '--yes'], /Say whose/],
        [['list', '--organization', 'nowhere'], /no organization "nowhere"/],
        [['list', '--user', 'nobody@example.com'], /no user with the address/],
        [['revoke', '--organization', 'acme', '--before', 'soon', '--yes'], /"soon" is no time/],
      ]
      for (const [args, reason] of refusals) {
        const { code, stderr } = await run('sessions', ...args)
        assert.equal(code, 1, args.join(' '))
        assert.match(stderr, reason)
      }
      assert.deepEqual(await statuses(), [200, 401])
    })
  })
}
