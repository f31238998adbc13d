-- When the newest command of an agent was written that begins a break or days off, and the newest that ends them. WhatsApp can deliver an
-- older message after a newer one; it then changes nothing.
alter table agent_availability add column break_said_at timestamptz, add column ready_said_at timestamptz;
