-- The check of 0052, without the lock that its table was changed under.
alter table lead validate constraint lead_erased_names_nobody;
