//! A database that a test uses again and again. Making one, with its connections and their plans, costs more than a
//! short history.

use sqlx::PgPool;

/// Keeps a copy of every row and the state of every sequence, and writes the function that [`restore`] calls.
pub(super) async fn remember(pool: &PgPool) {
    sqlx::raw_sql(
        "create schema kept;
         do $do$
         declare
             body text := '';
             one record;
             state record;
         begin
             for one in
                 select format('%I.%I', n.nspname, c.relname) as name,
                        format('kept.%I', n.nspname || '_' || c.relname) as copy,
                        (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
                         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind = 'r' and n.nspname in ('public', 'apalis') and c.relname <> '_sqlx_migrations'
             loop
                 execute format('create table %s as table %s', one.copy, one.name);
                 body := body || format('delete from %s; insert into %s (%s) overriding system value select %s from %s; ',
                                        one.name, one.name, one.columns, one.columns, one.copy);
             end loop;
             for one in
                 select format('%I.%I', n.nspname, c.relname) as name
                 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relkind = 'S' and n.nspname in ('public', 'apalis')
             loop
                 execute 'select last_value, is_called from ' || one.name into state;
                 body := body || format('perform setval(%L, %s, %L); ', one.name, state.last_value, state.is_called);
             end loop;
             -- As a replica, PostgreSQL runs no trigger and checks no key.
             execute 'create function kept.restore() returns void language plpgsql set session_replication_role = replica as '
                     || quote_literal('begin ' || body || 'end');
         end $do$",
    )
    .execute(pool)
    .await
    .expect("a copy of the rows");
}

/// Brings back what [`remember`] kept.
pub(super) async fn restore(pool: &PgPool) {
    sqlx::query("select kept.restore()::text")
        .execute(pool)
        .await
        .expect("the rows come back");
}
