-- What the runtime role may do. {runtime} is filled in by the migrator with the service's role.

revoke all on schema public from public;
grant usage on schema log to {runtime};
grant select on log.head, log.event, log.command, log.claim, log.reaction, log.subject_key, log.subject_lookup to {runtime};
grant select, insert, update, delete on log.checkpoint, log.parked, log.read_model to {runtime};
revoke execute on all functions in schema log from public;
grant execute on function
    log.append_batch(text, text[], text[], bytea[], text[], integer[], integer[], bytea[], text[], uuid[], text[],
        integer[], integer[], text[], bytea[], bytea[], bytea[], integer[], text[], text[], integer[], uuid[], bytea[],
        integer[], bytea[], uuid[], integer[], uuid[], integer[], uuid[]),
    log.advance_checkpoint(text, text, text, bigint, bigint, text, integer),
    log.prune_commands(interval, integer),
    log.take_numbers(text, text, integer, integer)
    to {runtime};

create schema read;  -- what the role makes in it (read models and their views) is its own
grant usage, create on schema read to {runtime};
