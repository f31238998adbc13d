-- The first break of an agent made a record in WIB, whatever the company's zone. Agents with hours of their own may have chosen it.
update agent_availability v set timezone = company.timezone
from (select min(timezone) as timezone from company_hours) company
where v.timezone = 'Asia/Jakarta' and company.timezone <> 'Asia/Jakarta'
  and not exists (select from agent_hours h where h.sales_id = v.sales_id);
