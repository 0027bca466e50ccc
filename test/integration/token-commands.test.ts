import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { runCommandHere } from '../support/command-line.ts'
import { startCommandServer } from '../support/command-server.ts'
import { callTool } from '../support/oauth-client.ts'
import { redisServerSkipReason } from '../support/redis.ts'
import { runCommand } from '../support/server-process.ts'

for (const engine of ['SQLite', 'Redis'] as const) {
  const skip = engine === 'Redis' && redisServerSkipReason()
  describe(`opentrace tokens, beside a running server on ${engine}`, { skip }, () => {
    it('makes a token that alone is on standard output, lists it, and ends it at the next request', async () => {
      const { server, origin, environment, stop } = await startCommandServer(engine)
      after(stop)
      const run = (...args: string[]) => runCommandHere(args, environment)
      const ofCi = ['--organization', 'acme', '--account', 'ci']
      const create = ['tokens', 'create', ...ofCi, '--name', 'cellar']

      const early = await run(...create)
      assert.equal(early.code, 1)
      assert.match(early.stderr, /no service account "ci" in Acme\. Add --create-account/)
      // This one in a process of its own, whose standard output is what operators pipe on; the others are spared its second.
      const made = await runCommand(
        [...create, '--create-account', '--expires', '30', '--from', '127.0.0.0/8,::1'],
        environment,
      )
      assert.equal(made.code, 0, made.stderr)
      assert.match(made.stdout, /^ot_sat_[0-9A-Za-z]{46}\n$/)
      const secret = made.stdout.trim()
      assert.ok(!made.stderr.includes(secret))
      assert.match(made.stderr, /"cellar" \(\w+\) of ci expires \d{4}-/)
      assert.equal((await callTool(origin, secret)).status, 200)

      const listed = await run('tokens', 'list', '--organization', 'acme')
      assert.match(listed.stdout, /^\w+ +ci +cellar +expires .* used /)
      assert.ok(!listed.stdout.includes(secret))

      const dry = await run('tokens', 'revoke', ...ofCi)
      assert.match(dry.stderr, /Nothing was ended\. Add --yes to end 1 token\./)
      assert.equal((await callTool(origin, secret)).status, 200)
      const done = await run('tokens', 'revoke', ...ofCi, '--yes')
      assert.match(done.stderr, /Ended 1 token\./)
      const refused = await callTool(origin, secret)
      assert.equal(refused.status, 401)
      assert.match(await refused.text(), /revoked by the operator of this server on/)

      const refusals: [args: string[], reason: RegExp][] = [
        [['revoke', '--organization', 'acme', '--yes'], /Say which/],
        [['list', '--organization', 'nowhere'], /no organization "nowhere"/],
        [['create', ...ofCi, '--name', 'x', '--expires', 'never'], /wants every token to expire/],
        [['create', ...ofCi, '--name', 'x', '--from', 'home'], /"home" is no address/],
      ]
      for (const [args, reason] of refusals) {
        const { code, stderr } = await run('tokens', ...args)
        assert.equal(code, 1, args.join(' '))
        assert.match(stderr, reason)
      }
      assert.ok(!server.log.join('').includes(secret))
    })
  })
}
