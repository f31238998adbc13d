-- A queue that is deleted is retired: its running cycles keep its settings, and no row that they lock is
-- deleted under them.
alter table distribution_queue add column retired_at timestamptz;
alter table distribution_queue add constraint distribution_queue_default_stays
    check (not is_default or retired_at is null);
alter table distribution_queue drop constraint distribution_queue_name_key;
create unique index distribution_queue_name_key on distribution_queue (name) where retired_at is null;

-- The queue whose places a held lead without agents waits for: the default queue, if its own is retired.
create function queue_to_wait_for(queue uuid) returns uuid language sql stable as $$
    select case when retired_at is null then id else default_distribution_queue() end
    from distribution_queue where id = queue
$$;
