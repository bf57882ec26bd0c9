-- The routing plan of the table routed as SQL makes it: json on one line, and jsonb pretty
-- as a document is, target by target.

CREATE FUNCTION pg_temp.by_json() RETURNS text LANGUAGE sql AS $$
SELECT json_build_object(
    'metadata', json_build_object('routing', 'public.routed'),
    'targets', json_object_agg(target, document ORDER BY target COLLATE "C"))::text
FROM (
    SELECT target, json_build_object(
        'cross_sectional', json_agg(json_build_object('route', route, 'state', cs_state, 'reason', reason)) FILTER (WHERE symbol IS NULL) -> 0,
        'cs_metrics', json_agg(json_build_object('sample_size', sample_size)) FILTER (WHERE symbol IS NULL) -> 0,
        'symbols', json_object_agg(symbol, json_build_object(
            'route', route, 'cs_state', cs_state, 'local_state', local_state, 'reason', reason, 'sample_size', sample_size)
            ORDER BY symbol COLLATE "C") FILTER (WHERE symbol IS NOT NULL)) AS document
    FROM routed
    GROUP BY target) AS t
$$;

CREATE FUNCTION pg_temp.by_jsonb() RETURNS text LANGUAGE sql AS $$
SELECT jsonb_build_object('routing', 'public.routed')::text
    || string_agg(to_json(target)::text || ': ' || jsonb_pretty(document), E',\n' ORDER BY target COLLATE "C")
FROM (
    SELECT target, jsonb_build_object(
        'cross_sectional', jsonb_agg(jsonb_build_object('route', route, 'state', cs_state, 'reason', reason)) FILTER (WHERE symbol IS NULL) -> 0,
        'cs_metrics', jsonb_agg(jsonb_build_object('sample_size', sample_size)) FILTER (WHERE symbol IS NULL) -> 0,
        'symbols', jsonb_object_agg(symbol, jsonb_build_object(
            'route', route, 'cs_state', cs_state, 'local_state', local_state, 'reason', reason, 'sample_size', sample_size))
            FILTER (WHERE symbol IS NOT NULL)) AS document
    FROM routed
    GROUP BY target) AS t
$$;
