-- The event log of one service: one gapless, chained log per tenant, and what is unique beside it.
-- Runs as the owner. The runtime role may select, and execute the functions of 0002; nothing else.

create schema log;

create table log.head (
    tenant      text primary key,
    position    bigint not null,
    hash        bytea not null,
    recorded_at timestamptz not null
) with (fillfactor = 50);  -- one hot row a tenant: leave room for updates in the page

create table log.event (
    tenant      text not null,
    position    bigint not null,
    stream      text not null,
    version     integer not null,
    recorded_at timestamptz not null,
    type        text not null,
    hash        bytea not null,
    meta        bytea not null,
    data        bytea not null,
    primary key (tenant, position),
    unique (tenant, stream, version)
);

create table log.command (
    tenant      text not null,
    scope       text not null,
    key         text not null,
    fingerprint bytea not null,
    stream      text not null,
    version     integer not null,
    position    bigint not null,
    answer      bytea not null,
    at          timestamptz not null,
    primary key (tenant, scope, key)
);
create index command_at on log.command (at);  -- pruning looks by age

create table log.claim (
    tenant text not null,
    scope  text not null,
    value  text not null,
    stream text not null,
    primary key (tenant, scope, value)
);

create table log.reaction (
    tenant       text not null,
    name         text not null,
    causation_id uuid not null,
    outcome      text not null,
    position     bigint not null,
    at           timestamptz not null,
    primary key (tenant, name, causation_id)
);

create table log.subject_key (
    tenant       text not null,
    owner        uuid not null,
    wrapped      bytea,          -- null: destroyed, for ever
    destroyed_at timestamptz,
    primary key (tenant, owner)
);

create table log.subject_lookup (
    tenant text not null,
    digest bytea not null,
    owner  uuid not null,
    primary key (tenant, digest)
);
create index subject_lookup_owner on log.subject_lookup (tenant, owner);

create table log.number (
    tenant text not null,
    scope  text not null,
    year   integer not null,
    next   bigint not null,
    primary key (tenant, scope, year)
);

create function log.refuse() returns trigger language plpgsql as $$
begin
    raise exception 'history is immutable: % on log.% refused', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger immutable before update or delete on log.event for each row execute function log.refuse();
create trigger untruncatable before truncate on log.event for each statement execute function log.refuse();
create trigger immutable before update or delete on log.claim for each row execute function log.refuse();
create trigger untruncatable before truncate on log.claim for each statement execute function log.refuse();
create trigger immutable before update or delete on log.reaction for each row execute function log.refuse();
create trigger untruncatable before truncate on log.reaction for each statement execute function log.refuse();
create trigger undeletable before delete on log.subject_key for each row execute function log.refuse();
create trigger untruncatable before truncate on log.subject_key for each statement execute function log.refuse();

create function log.only_destroy() returns trigger language plpgsql as $$
begin
    if new.wrapped is not null or old.owner <> new.owner or old.tenant <> new.tenant then
        raise exception 'a key can only be destroyed' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
create trigger only_destroy before update on log.subject_key for each row execute function log.only_destroy();
