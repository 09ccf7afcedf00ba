-- Consumers' own state: where they are, what is parked, which version of a read model is shown.
-- Everything here and in schema read can be made again from the log; the runtime role owns it.

create table log.checkpoint (
    consumer text not null,
    source   text not null,
    tenant   text not null,
    position bigint not null,
    primary key (consumer, source, tenant)
) with (fillfactor = 50);

create table log.parked (
    consumer text not null,
    source   text not null,
    tenant   text not null,
    stream   text not null,
    position bigint not null,
    error    text not null,
    at       timestamptz not null default clock_timestamp(),
    primary key (consumer, source, tenant, position)
);
create index parked_stream on log.parked (consumer, source, tenant, stream);

create table log.read_model (
    name        text primary key,
    shown       integer not null,      -- the generation that the view read.<name> shows and live events go to
    newest      integer not null,
    fingerprint text not null,         -- of the shown generation's definition
    newest_fingerprint text not null   -- of the newest one's, which may still be catching up
);

-- A batch's beginning, in one call: waits for the model's other batches (of all sources and processes), moves the
-- checkpoint from where the caller believes it to be, and says which streams are parked. Null: somebody else moved it,
-- or the generation is neither shown nor the newest. Each statement sees what was committed while the lock was awaited.
create function log.advance_checkpoint(
    p_consumer text, p_source text, p_tenant text, p_after bigint, p_last bigint, p_model text, p_generation integer
) returns text[] language plpgsql set search_path = log, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtext('read model ' || p_model));
    insert into checkpoint as c (consumer, source, tenant, position)
    select p_consumer, p_source, p_tenant, p_last from read_model m
    where m.name = p_model and p_generation in (m.shown, m.newest)
    on conflict (consumer, source, tenant) do update set position = excluded.position where c.position = p_after;
    if not found then
        return null;
    end if;
    return array(
        select distinct stream from parked where consumer = p_consumer and source = p_source and tenant = p_tenant
    );
end $$;
