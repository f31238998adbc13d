-- The rows that our own intake of an enquiry leaves, on our schema with its triggers and keys, as plain statements.
\set client random(1, 999999999999)
begin;
insert into lead (id, name, phone, status, created_at, updated_at)
    values (lpad(to_hex(:client::bigint), 32, '0')::uuid, 'Bench', '+62' || lpad(:client::text, 12, '8'), 'distributing', now(), now());
insert into wa_message (id, lead_id, direction, kind, from_wa, to_wa, body, provider, delivery_status, outcome, created_at)
    values (gen_random_uuid(), lpad(to_hex(:client::bigint), 32, '0')::uuid, 'in', 'client', '+62' || lpad(:client::text, 12, '8'), '+620000000000', 'Halo saya tertarik unitnya', 'dummy', 'received', 'distributing', now());
insert into lead_enquiry (id, lead_id, kind, received_at) values (gen_random_uuid(), lpad(to_hex(:client::bigint), 32, '0')::uuid, 'chat', now());
insert into distribution_cycle (id, lead_id, status, trigger, started_at, queue_id)
    values (lpad(to_hex(:client::bigint), 32, '1')::uuid, lpad(to_hex(:client::bigint), 32, '0')::uuid, 'open', 'chat', now(), default_distribution_queue());
insert into distribution_cycle_member (cycle_id, seat, sales_id, label)
    select lpad(to_hex(:client::bigint), 32, '1')::uuid, queue_order, sales_id, label from sales_queue;
insert into distribution_attempt (id, cycle_id, sales_id, code, offered_to, position, status, assigned_at, ack_deadline_at)
    values (lpad(to_hex(:client::bigint), 32, '2')::uuid, lpad(to_hex(:client::bigint), 32, '1')::uuid, 'sales-a', 'A' || 1000 + nextval('offer_code'), '+6281110000001', 1, 'open', now(), now() + interval '5 minutes');
insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker)
    values (now(), 'started', 'enquiry', lpad(to_hex(:client::bigint), 32, '0')::uuid, lpad(to_hex(:client::bigint), 32, '1')::uuid, null, null, 'bench'),
           (now(), 'offered', 'enquiry', lpad(to_hex(:client::bigint), 32, '0')::uuid, lpad(to_hex(:client::bigint), 32, '1')::uuid, lpad(to_hex(:client::bigint), 32, '2')::uuid, 'sales-a', 'bench');
insert into wa_message (id, lead_id, cycle_id, direction, kind, from_wa, to_wa, body, provider, delivery_status, created_at)
    values (gen_random_uuid(), lpad(to_hex(:client::bigint), 32, '0')::uuid, lpad(to_hex(:client::bigint), 32, '1')::uuid, 'out', 'auto_reply', '+620000000000', '+62' || lpad(:client::text, 12, '8'), 'Harap menunggu agent professional akan menhubungi anda', 'dummy', 'queued', now());
insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key)
    values (gen_random_uuid(), 'bench-forward', '{}', now(), 9, 0, gen_random_uuid()),
           (gen_random_uuid(), 'bench-deadline', '{}', now() + interval '5 minutes', 9, 0, gen_random_uuid()),
           (gen_random_uuid(), 'bench-message', '{}', now(), 9, 0, gen_random_uuid());
commit;
