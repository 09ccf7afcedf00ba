-- The group-commit append: one call judges a batch of one tenant's commands, assigns gapless positions, extends the
-- chain and inserts, and returns an outcome for each, so that one refused command never fails its neighbours.
-- Within a batch streams, keys, claims and lookups are distinct (the caller sees to that).
--
-- outcome: o appended, d the key's first outcome again, m the key was used for another request, r reacted before,
--          c version conflict, t claim taken, e a named key was destroyed, k a new key exists already, l lookup taken

create function log.chain_step(state bytea, previous bytea, payload bytea) returns bytea
    language sql immutable parallel safe as $$ select sha256(coalesce(state, previous) || payload) $$;
create aggregate log.chain(bytea, bytea) (sfunc = log.chain_step, stype = bytea);

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
    head bigint;
    previous bytea;
    at_ timestamptz;
    us bytea;
    taken jsonb := '{}';      -- command → holder of a claim it wants
    refused jsonb := '{}';    -- command → outcome and detail about keys
begin
    select h.position, h.hash, greatest(h.recorded_at, clock_timestamp()) into head, previous, at_
    from head h where h.tenant = p_tenant for update;
    if not found then
        insert into head values (p_tenant, 0, decode(repeat('00', 32), 'hex'), clock_timestamp()) on conflict do nothing;
        select h.position, h.hash, greatest(h.recorded_at, clock_timestamp()) into head, previous, at_
        from head h where h.tenant = p_tenant for update;
    end if;
    us := int8send((extract(epoch from at_) * 1000000)::bigint);

    if cardinality(u_command) > 0 then
        select coalesce(jsonb_object_agg(u.command, jsonb_build_array(u.scope, u.value, held.stream)), '{}') into taken
        from unnest(u_command, u_scope, u_value) u(command, scope, value)
        cross join lateral (
            select x.stream from claim x
            where x.tenant = p_tenant and x.scope = u.scope and x.value = u.value limit 1
        ) held;
    end if;
    if cardinality(n_command) + cardinality(k_command) + cardinality(l_command) > 0 then
        select coalesce(jsonb_object_agg(v.command, jsonb_build_array(v.outcome, v.detail)), '{}') into refused from (
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

    return query
    with c as (
        select u.*, m.fingerprint was, m.position was_position, m.version was_version, m.answer was_answer,
            coalesce(s.version, 0) now_version, r.outcome was_outcome,
            taken -> u.i::text holder, refused -> u.i::text about_keys
        from unnest(c_scope, c_key, c_print, c_stream, c_expected, c_events, c_answer, c_reaction, c_causation, c_outcome)
            with ordinality u(scope, key, print, stream, expected, events, answer, reaction, causation, reaction_outcome, i)
        left join lateral (
            select * from command x where x.tenant = p_tenant and x.scope = u.scope and x.key = u.key limit 1
        ) m on true
        left join lateral (
            select x.version from event x where x.tenant = p_tenant and x.stream = u.stream
            order by x.version desc limit 1
        ) s on true
        left join lateral (
            select x.outcome from reaction x
            where x.tenant = p_tenant and x.name = u.reaction and x.causation_id = u.causation limit 1
        ) r on true
    ), judged as (
        select c.*, (case
            when was is not null then case when was = print then 'd' else 'm' end
            when was_outcome is not null then 'r'
            when now_version <> expected then 'c'
            when holder is not null then 't'
            when about_keys is not null then about_keys ->> 0
            else 'o' end) verdict
        from c
    ), ok as (
        select * from judged where verdict = 'o'
    ), numbered as (
        select head + row_number() over (order by e.o) position, ok.stream, ok.expected + e.nth version,
            e.type, e.meta, e.data, e.digest, ok.i
        from unnest(e_command, e_nth, e_type, e_meta, e_data, e_digest)
            with ordinality e(command, nth, type, meta, data, digest, o)
        join ok on ok.i = e.command
    ), chained as (
        select numbered.*, chain(previous, int8send(position) || us || digest) over (order by position) hash
        from numbered
    ), last as (
        select i, max(position) position from chained group by i
    ), w_event as (
        insert into event select p_tenant, position, stream, version, at_, type, hash, meta, data from chained
    ), w_claim as (
        insert into claim select p_tenant, u.scope, u.value, ok.stream
        from unnest(u_command, u_scope, u_value) u(command, scope, value) join ok on ok.i = u.command
    ), w_reaction as (
        insert into reaction
        select p_tenant, ok.reaction, ok.causation, ok.reaction_outcome, coalesce(last.position, 0), at_
        from ok left join last on last.i = ok.i where ok.reaction is not null
    ), w_key as (
        insert into subject_key (tenant, owner, wrapped) select p_tenant, k.owner, k.wrapped
        from unnest(k_command, k_owner, k_wrapped) k(command, owner, wrapped) join ok on ok.i = k.command
    ), w_lookup as (
        insert into subject_lookup select p_tenant, l.digest, l.owner
        from unnest(l_command, l_digest, l_owner) l(command, digest, owner) join ok on ok.i = l.command
        on conflict do nothing
    ), w_destroy as (
        insert into subject_key as s (tenant, owner, wrapped, destroyed_at)
        select p_tenant, d.owner, null, at_ from unnest(d_command, d_owner) d(command, owner) join ok on ok.i = d.command
        on conflict (tenant, owner) do update set wrapped = null, destroyed_at = excluded.destroyed_at
        where s.wrapped is not null
    ), w_forget as (
        delete from subject_lookup s using unnest(d_command, d_owner) d(command, owner) join ok on ok.i = d.command
        where s.tenant = p_tenant and s.owner = d.owner
    ), w_command as (
        insert into command
        select p_tenant, ok.scope, ok.key, ok.print, ok.stream, ok.expected + ok.events, coalesce(last.position, 0),
            ok.answer, at_
        from ok left join last on last.i = ok.i
    ), tip as (
        select position, hash from chained order by position desc limit 1
    ), w_head as (
        update head h set position = tip.position, hash = tip.hash, recorded_at = at_
        from tip where h.tenant = p_tenant
    )
    select j.verdict, case j.verdict when 'd' then j.was_position else coalesce(last.position, 0) end,
        case j.verdict when 'o' then j.expected + j.events when 'd' then j.was_version else j.now_version end,
        case j.verdict when 't' then j.holder::text else j.about_keys ->> 1 end,
        j.was_answer
    from judged j left join last on last.i = j.i order by j.i;
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
