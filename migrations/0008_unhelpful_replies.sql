-- How often a number has been answered without its having done anything: two robots that answer each
-- other would never stop.
create index wa_message_unhelpful_idx on wa_message (to_wa, created_at)
    where direction = 'out' and kind in ('nothing_open', 'ambiguous');
create index wa_message_act_idx on wa_message (from_wa, created_at)
    where direction = 'in' and outcome in ('accepted', 'declined');
