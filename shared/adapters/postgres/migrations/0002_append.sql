-- The group-commit append: one call judges a batch of one tenant's commands, assigns gapless positions, extends the
-- chain and inserts, and returns an outcome for each, so that one refused command never fails its neighbours.
-- Within a batch streams, keys and claims are distinct, and what makes or destroys an owner's key has that owner to
-- itself (the caller sees to that). An array of what the batch has none of is null.
--
-- outcome: o appended, d the key's first outcome again, m the key was used for another request, r reacted before,
--          c version conflict, t claim taken, e a named key was destroyed, k a new key exists already, l lookup taken

create function log.append_batch(
    p_tenant text,
    c_scope text[], c_key text[], c_print bytea[], c_stream text[], c_expected integer[], c_events integer[],
    c_answer bytea[], c_reaction text[], c_causation uuid[], c_outcome text[],
    e_command integer[], e_nth integer[], e_type text[], e_meta bytea[], e_data bytea[], e_digest bytea[],
    u_command integer[], u_scope text[], u_value text[],
    k_command integer[], k_owner uuid[], k_wrapped bytea[],
    l_command integer[], l_digest bytea[], l_owner uuid[],
    n_command integer[], n_owner uuid[],
    d_command integer[], d_owner uuid[]
) returns table (outcome text, last_position bigint, last_version integer, detail text, said bytea)
language plpgsql security definer
set search_path = log, pg_temp
set enable_seqscan = off           -- a plan cached while the tables were empty must not scan them when they are full
set plan_cache_mode = force_generic_plan
set jit = off
as $$
#variable_conflict use_column
declare
    tip bigint;
    before bigint;
    state bytea;
    at_ timestamptz;
    us bytea;
    taken jsonb;       -- command → a claim it wants, and its holder
    refused jsonb;     -- command → outcome and detail about keys
    reacted integer[] := '{}';  -- commands whose reaction is known
    verdicts text[];   -- the five columns of the answer, by command
    lasts bigint[];
    versions integer[];
    details text[];
    saids bytea[];
    positions bigint[];  -- by event; null where its command was refused
    hashes bytea[];
    total integer := coalesce(cardinality(e_command), 0);
begin
    select h.position, h.hash, greatest(h.recorded_at, clock_timestamp()) into tip, state, at_
    from head h where h.tenant = p_tenant for update;
    if not found then
        insert into head values (p_tenant, 0, decode(repeat('00', 32), 'hex'), clock_timestamp()) on conflict do nothing;
        select h.position, h.hash, greatest(h.recorded_at, clock_timestamp()) into tip, state, at_
        from head h where h.tenant = p_tenant for update;
    end if;
    before := tip;
    us := int8send((extract(epoch from at_) * 1000000)::bigint);

    -- what most batches don't have costs a statement only where there is any
    if u_command is not null then
        select jsonb_object_agg(u.command, jsonb_build_array(u.scope, u.value, held.stream)) into taken
        from unnest(u_command, u_scope, u_value) u(command, scope, value)
        cross join lateral (
            select x.stream from claim x
            where x.tenant = p_tenant and x.scope = u.scope and x.value = u.value limit 1
        ) held;
    end if;
    if n_command is not null or k_command is not null or l_command is not null then
        select jsonb_object_agg(v.command, jsonb_build_array(v.outcome, v.detail)) into refused from (
            select n.command, 'e' outcome, n.owner::text detail
            from unnest(n_command, n_owner) n(command, owner)
            cross join lateral (
                select 1 from subject_key s
                where s.tenant = p_tenant and s.owner = n.owner and s.wrapped is null limit 1
            ) gone
            union all
            select k.command, 'k', k.owner::text from unnest(k_command, k_owner) k(command, owner)
            cross join lateral (
                select 1 from subject_key s where s.tenant = p_tenant and s.owner = k.owner limit 1
            ) there
            union all
            select l.command, 'l', held.owner::text from unnest(l_command, l_digest, l_owner) l(command, digest, owner)
            cross join lateral (
                select s.owner from subject_lookup s where s.tenant = p_tenant and s.digest = l.digest limit 1
            ) held
            where held.owner <> l.owner and l.owner = any (k_owner)
        ) v;
    end if;
    if c_reaction is not null then
        select coalesce(array_agg(u.i), '{}') into reacted
        from unnest(c_reaction, c_causation) with ordinality u(reaction, causation, i)
        cross join lateral (
            select 1 from reaction x
            where x.tenant = p_tenant and x.name = u.reaction and x.causation_id = u.causation limit 1
        ) r;
    end if;

    select array_agg(verdict order by i),
        array_agg(case verdict when 'd' then was_position else 0 end order by i),
        array_agg(case verdict when 'o' then expected + events when 'd' then was_version else now_version end order by i),
        array_agg(case verdict when 't' then (taken -> i::text)::text else refused -> i::text ->> 1 end order by i),
        array_agg(was_answer order by i)
    into verdicts, lasts, versions, details, saids
    from (
        select u.i, u.expected, u.events, m.position was_position, m.version was_version, m.answer was_answer,
            coalesce(s.version, 0) now_version, (case
            when m.fingerprint is not null then case when m.fingerprint = u.print then 'd' else 'm' end
            when u.i = any (reacted) then 'r'
            when coalesce(s.version, 0) <> u.expected then 'c'
            when taken ? u.i::text then 't'
            when refused ? u.i::text then refused -> u.i::text ->> 0
            else 'o' end) verdict
        from unnest(c_scope, c_key, c_print, c_stream, c_expected, c_events)
            with ordinality u(scope, key, print, stream, expected, events, i)
        left join lateral (
            select * from command x where x.tenant = p_tenant and x.scope = u.scope and x.key = u.key limit 1
        ) m on true
        left join lateral (
            select x.version from event x where x.tenant = p_tenant and x.stream = u.stream
            order by x.version desc limit 1
        ) s on true
    ) judged;

    -- the chain is a loop: simple expressions cost a microsecond here, ten in an aggregate of SQL functions
    positions := array_fill(null::bigint, array[total]);
    hashes := array_fill(null::bytea, array[total]);
    for n in 1 .. total loop
        if verdicts[e_command[n]] = 'o' then
            tip := tip + 1;
            state := sha256(state || int8send(tip) || us || e_digest[n]);
            positions[n] := tip;
            hashes[n] := state;
            lasts[e_command[n]] := tip;
        end if;
    end loop;

    insert into event
    select p_tenant, e.position, c_stream[e.command], c_expected[e.command] + e.nth, at_, e.type, e.hash, e.meta, e.data
    from unnest(e_command, e_nth, e_type, e_meta, e_data, hashes, positions) e(command, nth, type, meta, data, hash, position)
    where e.position is not null;

    insert into command
    select p_tenant, c.scope, c.key, c.print, c.stream, c.expected + c.events, c.last, c.answer, at_
    from unnest(c_scope, c_key, c_print, c_stream, c_expected, c_events, c_answer, verdicts, lasts)
        c(scope, key, print, stream, expected, events, answer, verdict, last)
    where c.verdict = 'o';

    if u_command is not null then
        insert into claim select p_tenant, u.scope, u.value, c_stream[u.command]
        from unnest(u_command, u_scope, u_value) u(command, scope, value) where verdicts[u.command] = 'o';
    end if;
    if c_reaction is not null then
        insert into reaction select p_tenant, c.reaction, c.causation, c.outcome, c.last, at_
        from unnest(c_reaction, c_causation, c_outcome, verdicts, lasts) c(reaction, causation, outcome, verdict, last)
        where c.verdict = 'o' and c.reaction is not null;
    end if;
    if k_command is not null then
        insert into subject_key (tenant, owner, wrapped) select p_tenant, k.owner, k.wrapped
        from unnest(k_command, k_owner, k_wrapped) k(command, owner, wrapped) where verdicts[k.command] = 'o';
    end if;
    if l_command is not null then
        insert into subject_lookup select p_tenant, l.digest, l.owner
        from unnest(l_command, l_digest, l_owner) l(command, digest, owner) where verdicts[l.command] = 'o'
        on conflict do nothing;
    end if;
    if d_command is not null then
        insert into subject_key as s (tenant, owner, wrapped, destroyed_at)
        select p_tenant, d.owner, null, at_ from unnest(d_command, d_owner) d(command, owner)
        where verdicts[d.command] = 'o'
        on conflict (tenant, owner) do update set wrapped = null, destroyed_at = excluded.destroyed_at
        where s.wrapped is not null;
        delete from subject_lookup s using unnest(d_command, d_owner) d(command, owner)
        where s.tenant = p_tenant and s.owner = d.owner and verdicts[d.command] = 'o';
    end if;

    if tip > before then
        update head h set position = tip, hash = state, recorded_at = at_ where h.tenant = p_tenant;
    end if;
    return query select * from unnest(verdicts, lasts, versions, details, saids);
end $$;

create function log.prune_commands(older_than interval, most integer) returns integer
language plpgsql security definer set search_path = log, pg_temp as $$
declare gone integer;
begin
    if older_than < interval '7 days' then
        raise exception 'idempotency keys are kept for seven days at least' using errcode = 'check_violation';
    end if;
    delete from command where ctid = any (array(
        select ctid from command where at < clock_timestamp() - older_than order by at limit most));
    get diagnostics gone = row_count;
    return gone;
end $$;

create function log.take_numbers(p_tenant text, p_scope text, p_year integer, p_count integer) returns bigint
language sql security definer set search_path = log, pg_temp as $$
    insert into number as n values (p_tenant, p_scope, p_year, 1 + p_count)
    on conflict (tenant, scope, year) do update set next = n.next + p_count
    returning n.next - p_count
$$;
