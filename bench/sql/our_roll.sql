-- The statements of a roll: lock, look for messages, time out, decide, offer, log, enqueue.
begin;
select a.id as attempt, a.cycle_id as cycle, c.lead_id as lead from distribution_attempt a
    join distribution_cycle c on c.id = a.cycle_id join lead l on l.id = c.lead_id
    where a.status = 'open' and a.sales_id = 'sales-a' limit 1 for update of l, c, a skip locked \gset
select clock_timestamp();
with rolled as (
    update distribution_attempt a set status = 'timed_out', closed_at = ack_deadline_at
    from "user" u
    where a.id = :attempt::uuid and a.status = 'open' and u.id = a.sales_id and a.offer_accepted_at is not null
      and not exists (select from inbound_event e where e.sender in (u.offer_address, a.offered_to) and e.failures < 5
                      and e.acknowledged_at < a.ack_deadline_at)
      and not exists (select from provider_health h where h.provider = 'dummy' and h.frozen_since is not null)
    returning a.id, a.cycle_id, a.sales_id)
insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, lateness_us, worker)
select now(), 'timed_out', 'alarm', :lead::uuid, cycle_id, id, sales_id, 0, 'bench' from rolled;
select c.strategy, m.sales_id, m.label, u.offer_address,
       (select a.status from distribution_attempt a where a.cycle_id = c.id and a.sales_id = m.sales_id
        order by a.position desc limit 1) as asked,
       exists (select from agent_availability v where v.sales_id = m.sales_id)
from distribution_cycle c left join distribution_queue q on q.id = c.queue_id
join distribution_cycle_member m on m.cycle_id = c.id join "user" u on u.id = m.sales_id
left join sales_queue sq on sq.queue_id = c.queue_id and sq.sales_id = m.sales_id
where c.id = :cycle::uuid order by m.seat;
insert into distribution_attempt (id, cycle_id, sales_id, code, offered_to, position, status, assigned_at, ack_deadline_at)
values (gen_random_uuid(), :cycle::uuid, 'sales-b', 'B' || 1000 + nextval('offer_code'), '+6281110000002', 2, 'open', now(), now() + interval '5 minutes')
returning id as next \gset
insert into distribution_event (at, kind, cause, lead_id, cycle_id, attempt_id, sales_id, worker)
values (now(), 'offered', 'alarm', :lead::uuid, :cycle::uuid, :next::uuid, 'sales-b', 'bench');
insert into apalis.jobs (id, job_type, job, run_at, max_attempts, priority, idempotency_key)
values (gen_random_uuid(), 'bench-forward', '{}', now(), 9, 0, gen_random_uuid()),
       (gen_random_uuid(), 'bench-deadline', '{}', now() + interval '5 minutes', 9, 0, gen_random_uuid());
commit;
