-- A visit goes to the new owner of its lead.
alter table appointment_change drop constraint appointment_change_kind_check;
alter table appointment_change add constraint appointment_change_kind_check
    check (kind in ('booked', 'moved', 'changed', 'cancelled', 'handed_over'));
