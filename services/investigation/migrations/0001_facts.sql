-- Facts of MES, WMS and SRM: bulk rows beside the log, insert-only, invisible until their batch's FactsCaptured event
-- (first event of the stream facts-<batch>) has committed. What is current is a query; a correction never updates.

create schema facts;

create table facts.row (
    tenant      text not null,
    batch_id    uuid not null,
    row         integer not null,
    kind        text not null,
    natural_key text not null,
    lot         text,               -- copies of the record's fields, for look-ups
    input_lot   text,
    product     text,
    node        text,
    equipment   text,
    operator    text,
    at          timestamptz,
    record      bytea not null,     -- canonical JSON of the kind's fields
    raw         bytea not null,     -- the source's own row, as canonical JSON
    sha256      bytea not null,     -- over kind, natural key, record and raw
    primary key (tenant, batch_id, row)
);
create index row_key on facts.row (tenant, kind, natural_key);
create index row_lot on facts.row (tenant, lot, kind);
create index row_input_lot on facts.row (tenant, input_lot) where input_lot is not null;
create index row_product on facts.row (tenant, product, kind) where product is not null;
create index row_operator on facts.row (tenant, operator, kind) where operator is not null;
create index row_equipment on facts.row (tenant, equipment, kind, at) where equipment is not null;

-- The last anchored batch is asked for with every look at facts.
create index event_captured on log.event (tenant, position) where type = 'investigation.FactsCaptured';

create function facts.refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and not exists (
        select from log.event e where e.tenant = old.tenant and e.stream = 'facts-' || old.batch_id
    ) then
        return old;  -- left behind by a capture that never came to its event
    end if;
    raise exception 'facts are immutable: % refused', tg_op using errcode = 'restrict_violation';
end $$;
create trigger immutable before update or delete on facts.row for each row execute function facts.refuse_change();
create trigger untruncatable before truncate on facts.row for each statement execute function log.refuse();

grant usage on schema facts to {runtime};
grant select, insert, delete on facts.row to {runtime};
