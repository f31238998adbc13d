-- Sessions that ended, devices that are trusted, and codes that were not looked at because of too many wrong ones.
alter table security_event drop constraint security_event_kind_check;
alter table security_event add constraint security_event_kind_check check (kind in (
    'sign_in', 'sign_in_failed', 'sign_up', 'password_changed', 'operation', 'code_asked', 'code_wrong', 'app_secret_shown',
    'two_factor_on', 'two_factor_off', 'backup_codes_made', 'backup_code_used', 'sign_out', 'sessions_ended',
    'code_locked', 'device_trusted')) not valid;
