-- Numbers and ids of WhatsApp can pass to another person.

-- An admin gave an agent another number: the ids and former numbers that were learnt with the old one may
-- be another person's from now on. A change that WhatsApp reports keeps them (sales::change_number).
create function user_identities_end() returns trigger language plpgsql as $$
begin
    delete from wa_identity where user_id = new.id;
    return null;
end
$$;
create trigger user_identities_end after update of phone, offer_address on "user"
    for each row when (old.offer_address is distinct from new.offer_address)
    execute function user_identities_end();

-- Numbers that an operator types with psql. Only forms that can mean nothing else are read; the program reads
-- the others with libphonenumber (shared/src/phone). 00 before a country and a trunk zero after it are left as typed.
create or replace function e164_or_as_typed(typed text) returns text language plpgsql immutable as $$
declare
    digits text := regexp_replace(regexp_replace(btrim(typed), '^p:', ''), '[[:space:]().-]', '', 'g');
begin
    if digits is null or digits = '' then
        return null;
    end if;
    -- A spreadsheet's `6281234001234.0` is not a number with one more digit.
    if digits !~ '^\+?[0-9]+$' or btrim(typed) ~ '\.0{1,2}$' then
        return typed;
    end if;
    if digits ~ '^00[89]?62' then
        digits := '+' || regexp_replace(digits, '^00[89]?', '');
    elsif digits ~ '^00' then
        return typed;
    elsif digits ~ '^0' then
        digits := '+62' || substr(digits, 2);
    elsif digits ~ '^8' then
        digits := '+62' || digits;
    elsif digits ~ '^62' then
        digits := '+' || digits;
    end if;
    digits := regexp_replace(digits, '^\+620', '+62');
    if digits ~ '^\+62' then
        -- Mobile 8[1-35-9], 9 to 12 digits; other area codes 8 to 11 digits. 6262 is the country twice.
        return case when digits ~ '^\+62(8[1-35-9][0-9]{7,10}|(?!62[08])[2-79][0-9]{7,10})$' then digits else typed end;
    end if;
    return case when digits ~ '^\+[1-9][0-9]{6,14}$' and digits !~ '^\+(44|61|64|65|66|60|31|32|33|49|81|82|86|84|90|91|92)0'
                then digits else typed end;
end
$$;
