-- An enquiry, as the previous server wrote it: nine statements.
\set client random(1, 2000000000)
begin;
select id from previous.lead where phone = '+62' || :client;
insert into previous.lead values ('lead-' || :client, 'Bench', '+62' || :client, null, 'new', 'pending', null, now(), now()) on conflict do nothing;
insert into previous.wa_message values (gen_random_uuid()::text, 'lead-' || :client, 'in', '+62' || :client, '+620000000000', 'Halo saya tertarik unitnya', now());
insert into previous.distribution_cycle values ('cycle-' || :client, 'lead-' || :client, 'active', now(), null) on conflict do nothing;
select sales_id, label, phone from previous.sales_queue order by queue_order limit 1;
insert into previous.distribution_attempt values (gen_random_uuid()::text, 'cycle-' || :client, 'sales-a', 1, 'waiting_ok', now(), now() + interval '5 minutes');
insert into previous.wa_message values (gen_random_uuid()::text, 'lead-' || :client, 'out', '+620000000000', '+62' || :client, 'Harap menunggu agent professional akan menhubungi anda', now());
commit;
