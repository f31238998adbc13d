-- no-transaction
create index concurrently if not exists wa_send_came_to_nothing_idx on wa_send (settled_at) where outcome <> 'accepted';
