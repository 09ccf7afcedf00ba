-- What a service knows of Kafka's topics. Its own: what was published, and by how many partitions tenants are placed.
-- Others': how far they were read. All but log.topic can be found again from the topics.

alter table log.checkpoint add column place bigint;  -- the offset of that position's event on the source's topic

create table log.topic (
    name       text primary key,
    partitions integer not null
);

create table log.topic_tail (
    topic       text not null,
    partition   integer not null,
    next_offset bigint not null,
    primary key (topic, partition)
) with (fillfactor = 50);

create table log.topic_head (
    topic    text not null,
    tenant   text not null,
    position bigint not null,
    hash     bytea not null,
    partition integer not null,
    place    bigint not null,
    primary key (topic, tenant)
) with (fillfactor = 50);

drop function log.advance_checkpoint(text, text, text, bigint, bigint, text, integer);

-- As before, and keeps the place beside the position: offset, position and rows are one transaction.
create function log.advance_checkpoint(
    p_consumer text, p_source text, p_tenant text, p_after bigint, p_last bigint, p_place bigint, p_model text,
    p_generation integer
) returns text[] language plpgsql set search_path = log, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtext('read model ' || p_model));
    insert into checkpoint as c (consumer, source, tenant, position, place)
    select p_consumer, p_source, p_tenant, p_last, p_place from read_model m
    where m.name = p_model and p_generation in (m.shown, m.newest)
    on conflict (consumer, source, tenant) do update set position = excluded.position, place = excluded.place
    where c.position = p_after;
    if not found then
        return null;
    end if;
    return array(
        select distinct stream from parked where consumer = p_consumer and source = p_source and tenant = p_tenant
    );
end $$;

grant select, insert, update, delete on log.topic, log.topic_tail, log.topic_head to {runtime};
revoke execute on all functions in schema log from public;
grant execute on function log.advance_checkpoint(text, text, text, bigint, bigint, bigint, text, integer) to {runtime};
