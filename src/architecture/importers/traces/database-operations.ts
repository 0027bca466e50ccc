/** Commands of SQL, Redis and MongoDB that read and change nothing. `AGGREGATE` can write, and procedures anything. */
const reads = commands(`select find findone count countdocuments distinct getmore
  get mget hget hmget hgetall hkeys hvals hlen exists ttl pttl scan sscan hscan zscan keys strlen getrange lrange llen
  lindex smembers sismember scard zrange zrangebyscore zrevrange zscore zcard zrank zcount xrange xread xlen bitcount
  query getitem batchgetitem search msearch`)

/** Commands that change something. */
const writes =
  commands(`insert insertone insertmany update updateone updatemany replace replaceone delete deleteone
  deletemany upsert truncate bulkwrite set setex psetex setnx mset msetnx del unlink expire pexpire persist append incr incrby decr
  decrby hset hmset hsetnx hdel hincrby lpush rpush lset ltrim sadd srem zadd zrem zincrby xadd xdel setbit
  flushdb flushall putitem updateitem deleteitem batchwriteitem index bulk`)

/** Whether a database command surely only reads. */
export function isRead(command: string): boolean {
  return reads.has(command.toLowerCase())
}

/** Whether a database command surely writes. */
export function isWrite(command: string): boolean {
  return writes.has(command.toLowerCase())
}

function commands(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/))
}
