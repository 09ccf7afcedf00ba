-- Positions count from 1 and times are times: a row before the first, or outside the calendar, is no event, yet a
-- look-up by stream would find it. (The owner can drop a check: verify looks for such rows too.)
alter table log.event
    add constraint position_counts check (position > 0),
    add constraint recorded_sometime check (recorded_at between '1970-01-01 00:00:00+00' and '9999-01-01 00:00:00+00');
