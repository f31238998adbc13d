-- A delivery of Meta can carry the messages of many people. Of its lists, only the entries that name the person are shown to them.
create function only_person(part jsonb, patterns text[]) returns jsonb language plpgsql immutable as $$
begin
    if jsonb_typeof(part) = 'array' then
        return (select coalesce(jsonb_agg(only_person(entry, patterns) order by place), '[]')
                from jsonb_array_elements(part) with ordinality as listed (entry, place)
                where entry::text ~ any(patterns));
    elsif jsonb_typeof(part) = 'object' then
        return (select coalesce(jsonb_object_agg(key, only_person(value, patterns)), '{}') from jsonb_each(part));
    end if;
    return part;
end
$$;

-- Nothing if the body is no JSON: what it has of the person cannot be told from the rest.
create function delivery_of_person(body bytea, patterns text[]) returns text language plpgsql immutable as $$
begin
    return only_person(convert_from(body, 'UTF8')::jsonb, patterns)::text;
exception when data_exception then
    return null;
end
$$;

-- A lead's row as a merge keeps it, without what these patterns match in its note.
create function note_without_person(kept jsonb, patterns text[]) returns jsonb language sql immutable as $$
    select case when kept ->> 'layer2_note' is null then kept
                else jsonb_set(kept, '{layer2_note}', to_jsonb(without_person(kept ->> 'layer2_note', patterns))) end
$$;
