import type { DatabaseSyncInstance } from '@photostructure/sqlite'
import { StoreUnavailable } from '../contract.ts'

/**
 * Each entry takes the file from one `user_version` to the next; released entries never change. Every primary key and
 * index begins with the columns a statement compares for equality, so that no statement reads a whole table.
 */
const migrations = [
  `
  create table artifact (
    model text not null, id text not null, payload text not null,
    expires_at integer not null, consumed_at integer,
    grant_id text, uid text, user_code text, user_id text, client_id text, organization_id text,
    primary key (model, id)
  );
  create index artifact_expiry on artifact (expires_at);
  create index artifact_grant on artifact (grant_id) where grant_id is not null;
  create unique index artifact_uid on artifact (model, uid) where uid is not null;
  create unique index artifact_user_code on artifact (model, user_code) where user_code is not null;
  create index artifact_user on artifact (model, user_id, expires_at, id) where user_id is not null;
  create index artifact_client on artifact (model, client_id, expires_at, id) where client_id is not null;
  create index artifact_organization on artifact (model, organization_id, expires_at, id)
    where organization_id is not null;

  create table revoked_grant (grant_id text primary key, expires_at integer not null);
  create index revoked_grant_expiry on revoked_grant (expires_at);

  create table document (
    kind text not null, id text not null, version integer not null, data text not null,
    touched text not null default '{}',
    primary key (kind, id)
  );
  create table document_unique (
    kind text not null, key text not null, value text not null, id text not null,
    primary key (kind, key, value)
  ) without rowid;
  create index document_unique_owner on document_unique (kind, id);
  create table document_index (
    kind text not null, name text not null, value text not null, id text not null,
    primary key (kind, name, value, id)
  ) without rowid;
  create index document_index_owner on document_index (kind, id);

  create table log (
    id integer primary key autoincrement, stream text not null, at integer not null, entry text not null,
    expires_at integer not null
  );
  create index log_stream on log (stream);
  create index log_expiry on log (expires_at);

  create table limiter_window (key text primary key, hits integer not null, expires_at integer not null);
  create index limiter_window_expiry on limiter_window (expires_at);

  create table bus_message (
    id integer primary key autoincrement, channel text not null, message text not null, expires_at integer not null
  );
  create index bus_message_expiry on bus_message (expires_at);

  create table blob (key text primary key, revision integer not null, bytes blob not null);
  `,
  `
  create index log_time on log (stream, at);
  alter table log add column labels text;
  create table log_label_name (
    id integer primary key autoincrement, stream text not null, label text not null, unique (stream, label)
  );
  create table log_label (label integer not null, id integer not null, primary key (label, id)) without rowid;
  create trigger log_deleted after delete on log when old.labels is not null begin
    delete from log_label where label in (select value from json_each(old.labels)) and id = old.id;
  end;
  `,
]

/** Tables whose rows are dead once `expires_at` has passed. */
export const expiringTables = ['artifact', 'revoked_grant', 'log', 'limiter_window', 'bus_message'] as const

/** Runs what is missing, once, however many processes open the file together. */
export function migrate(handle: DatabaseSyncInstance): void {
  handle.exec('begin immediate')
  try {
    const { user_version: version } = handle.prepare('pragma user_version').get() as { user_version: number }
    if (version > migrations.length)
      throw new StoreUnavailable('the database was written by a newer version of OpenTrace')
    for (const migration of migrations.slice(version)) handle.exec(migration)
    handle.exec(`pragma user_version = ${migrations.length}; commit`)
  } catch (error) {
    if (handle.isTransaction) handle.exec('rollback')
    throw error
  }
}
