-- A form that repeats its predecessors is held for a person: not distributed, and in no figure.
alter table lead drop constraint lead_mark_check;
alter table lead add constraint lead_mark_check check (mark in ('test', 'junk', 'suspect'));
