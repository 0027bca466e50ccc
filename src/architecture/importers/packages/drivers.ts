/** Libraries that say which product a component speaks to, by the last part of their names. */
const drivers: Readonly<Record<string, string>> = {
  ...products(
    'postgres',
    'pg postgres pq pgx psycopg psycopg2 psycopg2-binary asyncpg postgresql npgsql tokio-postgres',
  ),
  ...products(
    'mysql',
    'mysql mysql2 pymysql mysqlclient mysql-connector-java mysql-connector-j mysqlconnector',
  ),
  ...products(
    'mongodb',
    `mongodb mongoose pymongo motor mongo-driver mongodb-driver-sync mongodb.driver spring-boot-starter-data-mongodb`,
  ),
  ...products(
    'redis',
    `redis ioredis go-redis jedis lettuce-core stackexchange.redis predis spring-boot-starter-data-redis`,
  ),
  ...products('memcached', 'memcached memjs pymemcache gomemcache'),
  ...products(
    'kafka',
    `kafkajs node-rdkafka kafka-python confluent-kafka confluent-kafka-go kafka-go sarama kafka-clients spring-kafka
    confluent.kafka rdkafka`,
  ),
  ...products(
    'rabbitmq',
    `amqplib pika aio-pika amqp amqp091-go amqp-client rabbitmq.client bunny lapin php-amqplib
    spring-boot-starter-amqp`,
  ),
  ...products('nats', 'nats nats.go nats-py'),
  ...products(
    'elasticsearch',
    'elasticsearch go-elasticsearch elasticsearch-java elastic.clients.elasticsearch',
  ),
  ...products('cassandra', 'cassandra-driver gocql java-driver-core'),
}

/** @returns the product that a library is a client of. */
export function productBehind(library: string): string | undefined {
  const last = library
    .toLowerCase()
    .replace(/\/v\d+$/, '')
    .replace(/^.*[/:]/, '')
  return Object.hasOwn(drivers, last) ? drivers[last] : undefined
}

function products(product: string, libraries: string): Record<string, string> {
  return Object.fromEntries(libraries.split(/\s+/).map((library) => [library, product]))
}
