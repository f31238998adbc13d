-- The two roles of Property Lounge in the database that this runs in, as its superuser:
--   property_lounge_owner   owns the schema, for `api migrate`
--   property_lounge_app     reads and writes rows, for api, worker and device
-- It can be repeated. In a database that was used as a superuser until now it hands over everything that exists.
-- Neither role has a password yet: 2-passwords.sh, or `alter role … password '…'`.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['property_lounge_owner', 'property_lounge_app'] loop
    begin
      execute format('create role %I login nosuperuser nocreatedb nocreaterole', wanted);
    exception
      when duplicate_object or unique_violation then null;
    end;
  end loop;
  -- The owner of a database can create its schemas and trusted extensions, and everything in `public`.
  execute format('alter database %I owner to property_lounge_owner', current_database());
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect, temporary on database %I to property_lounge_app', current_database());
end
$$;

-- What exists: extensions keep what is theirs.
do $$
declare
  statement text;
begin
  for statement in
    select format('alter schema %I owner to property_lounge_owner', nspname)
    from pg_namespace where nspname = 'apalis'
    union all
    select format(
      'alter %s %s owner to property_lounge_owner',
      case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end,
      oid::regclass)
    from pg_class
    where relnamespace in (select oid from pg_namespace where nspname in ('public', 'apalis'))
      and relkind in ('r', 'p', 'v', 'm', 'S')
      and not exists (select from pg_depend where objid = pg_class.oid and classid = 'pg_class'::regclass and deptype in ('e', 'a', 'i') and refclassid <> 'pg_namespace'::regclass)
    union all
    select format('alter routine %s owner to property_lounge_owner', oid::regprocedure)
    from pg_proc
    where pronamespace in (select oid from pg_namespace where nspname in ('public', 'apalis'))
      and not exists (select from pg_depend where objid = pg_proc.oid and classid = 'pg_proc'::regclass and deptype = 'e')
    union all
    select format('alter type %s owner to property_lounge_owner', oid::regtype)
    from pg_type
    where typnamespace in (select oid from pg_namespace where nspname in ('public', 'apalis'))
      and typtype in ('e', 'd')
      and not exists (select from pg_depend where objid = pg_type.oid and classid = 'pg_type'::regclass and deptype = 'e')
  loop
    execute statement;
  end loop;
  for statement in
    select format('grant usage on schema %I to property_lounge_app', nspname)
    from pg_namespace where nspname in ('public', 'apalis')
    union all
    select format('grant select, insert, update, delete on all tables in schema %I to property_lounge_app', nspname)
    from pg_namespace where nspname in ('public', 'apalis')
    union all
    select format('grant usage, select on all sequences in schema %I to property_lounge_app', nspname)
    from pg_namespace where nspname in ('public', 'apalis')
  loop
    execute statement;
  end loop;
end
$$;

-- What migrations create from now on.
alter default privileges for role property_lounge_owner grant usage on schemas to property_lounge_app;
alter default privileges for role property_lounge_owner grant select, insert, update, delete on tables to property_lounge_app;
alter default privileges for role property_lounge_owner grant usage, select on sequences to property_lounge_app;
