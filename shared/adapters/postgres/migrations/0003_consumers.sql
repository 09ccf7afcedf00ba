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
