-- The old README's example queries, as they were: ./dev psql docs/operators/example-queries.sql

-- lihat queue default sales A-F
select sq.queue_order, sq.label, u.name, u.phone
from sales_queue sq
join "user" u on u.id = sq.sales_id
order by sq.queue_order;

-- lihat cycle distribution terakhir
select * from distribution_cycle order by started_at desc limit 5;

-- lihat attempt per lead
select * from distribution_attempt order by assigned_at desc limit 20;

-- lihat log pesan WA
select direction, from_wa, to_wa, body, created_at
from wa_message
order by created_at desc
limit 20;
