-- The order in which agents are offered leads: A, B … F.

create table sales_queue (
    id          uuid primary key default gen_random_uuid(),
    sales_id    text not null constraint sales_queue_sales_id_key unique references "user" (id),
    queue_order integer not null constraint sales_queue_order_positive check (queue_order >= 1),
    label       text not null,
    active      boolean not null default true,
    -- Deferrable, so that two agents can swap places in one transaction.
    constraint sales_queue_order_key unique (queue_order) deferrable initially immediate
);
comment on table sales_queue is 'A running cycle keeps the order it began with: distribution_cycle_member.';
