-- Attempt a command that ought to fail, and show the error with its SQLSTATE.
CREATE FUNCTION pg_temp.attempt(command text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE command;
    RETURN NEXT 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT sqlstate || ' ' || message;
    IF detail <> '' THEN
        RETURN NEXT '      DETAIL: ' || detail;
    END IF;
    IF hint <> '' THEN
        RETURN NEXT '      HINT: ' || hint;
    END IF;
END
$$;
\pset format unaligned
\pset tuples_only on
